-- What a row was sealed for is in its associated data: tenant, owner, field, key version. The rows there are keep all four.
ALTER TABLE "skill_credentials" RENAME TO "sealed_secrets";
ALTER TABLE "sealed_secrets" RENAME COLUMN "skill_id" TO "owner_id";
ALTER TABLE "sealed_secrets" ADD COLUMN "field" TEXT NOT NULL DEFAULT 'headers';
ALTER TABLE "sealed_secrets" ALTER COLUMN "field" DROP DEFAULT;

ALTER TABLE "sealed_secrets" DROP CONSTRAINT "skill_credentials_pkey";
ALTER TABLE "sealed_secrets" ADD CONSTRAINT "sealed_secrets_pkey" PRIMARY KEY ("owner_id", "field");

DROP INDEX "skill_credentials_data_key_version_org_id_skill_id_idx";
CREATE INDEX "sealed_secrets_data_key_version_org_id_owner_id_field_idx" ON "sealed_secrets"("data_key_version", "org_id", "owner_id", "field");

ALTER TABLE "sealed_secrets" RENAME CONSTRAINT "skill_credentials_one_key" TO "sealed_secrets_one_key";
ALTER TABLE "sealed_secrets" RENAME CONSTRAINT "skill_credentials_org_id_data_key_version_fkey" TO "sealed_secrets_org_id_data_key_version_fkey";
