-- CreateEnum
CREATE TYPE "signature_scheme" AS ENUM ('standard_webhooks', 'github', 'stripe', 'slack');

-- AlterTable
ALTER TABLE "webhook_sources" ADD COLUMN "signature_scheme" "signature_scheme",
ADD COLUMN "signature_secret_count" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "webhook_sources" ALTER COLUMN "signature_secret_count" DROP DEFAULT;

-- What is signed has secrets, and nothing else has.
ALTER TABLE "webhook_sources" ADD CONSTRAINT "webhook_sources_signature" CHECK (("signature_scheme" IS NULL) = ("signature_secret_count" = 0));
