-- CreateTable
CREATE TABLE "data_keys" (
    "org_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "key_version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "data_keys_pkey" PRIMARY KEY ("org_id","version")
);

-- AlterTable
ALTER TABLE "skill_credentials" ALTER COLUMN "key_version" DROP NOT NULL,
ADD COLUMN "data_key_version" INTEGER;

-- A row is sealed by a data key, or still by a key-encryption key itself: never by neither, never by both.
ALTER TABLE "skill_credentials" ADD CONSTRAINT "skill_credentials_one_key" CHECK (num_nonnulls("key_version", "data_key_version") = 1);

-- CreateIndex
CREATE INDEX "skill_credentials_data_key_version_org_id_skill_id_idx" ON "skill_credentials"("data_key_version", "org_id", "skill_id");

-- AddForeignKey
ALTER TABLE "skill_credentials" ADD CONSTRAINT "skill_credentials_org_id_data_key_version_fkey" FOREIGN KEY ("org_id", "data_key_version") REFERENCES "data_keys"("org_id", "version") ON DELETE RESTRICT ON UPDATE RESTRICT;
