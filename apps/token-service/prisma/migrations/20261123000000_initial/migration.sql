-- CreateEnum
CREATE TYPE "deduplication" AS ENUM ('content', 'key', 'none');

-- CreateTable
CREATE TABLE "sources" (
    "id" TEXT NOT NULL,
    "org_id" TEXT NOT NULL,
    "deduplication" "deduplication" NOT NULL,
    "rate_limit_per_second" INTEGER NOT NULL,

    CONSTRAINT "sources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_tokens" (
    "id" TEXT NOT NULL,
    "org_id" TEXT NOT NULL,
    "source_id" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "pepper_version" INTEGER NOT NULL,
    "hint" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "skill_credentials" (
    "skill_id" TEXT NOT NULL,
    "org_id" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "nonce" BYTEA NOT NULL,
    "key_version" INTEGER NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "skill_credentials_pkey" PRIMARY KEY ("skill_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "sources_org_id_id_key" ON "sources"("org_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_tokens_hash_key" ON "webhook_tokens"("hash");

-- CreateIndex
CREATE INDEX "webhook_tokens_org_id_source_id_id_idx" ON "webhook_tokens"("org_id", "source_id", "id");

-- AddForeignKey
ALTER TABLE "webhook_tokens" ADD CONSTRAINT "webhook_tokens_org_id_source_id_fkey" FOREIGN KEY ("org_id", "source_id") REFERENCES "sources"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
