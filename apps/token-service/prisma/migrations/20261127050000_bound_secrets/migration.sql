-- What is there stays in force as version 0. Credentials of skills have no origin until management-api says it.
ALTER TABLE "sealed_secrets" ADD COLUMN "version" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "in_force" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN "origin" TEXT;

ALTER TABLE "sealed_secrets" DROP CONSTRAINT "sealed_secrets_pkey";
ALTER TABLE "sealed_secrets" ADD CONSTRAINT "sealed_secrets_pkey" PRIMARY KEY ("owner_id", "field", "version");

DROP INDEX "sealed_secrets_data_key_version_org_id_owner_id_field_idx";
CREATE INDEX "sealed_secrets_data_key_version_org_id_owner_id_field_versi_idx" ON "sealed_secrets"("data_key_version", "org_id", "owner_id", "field", "version");

ALTER TABLE "sources" ADD COLUMN "revision" BIGINT NOT NULL DEFAULT 0;
