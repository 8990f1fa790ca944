-- AlterTable
ALTER TABLE "webhook_tokens" ADD COLUMN "last_used_at" TIMESTAMPTZ(3),
ADD COLUMN "leaked_at_url" TEXT,
ADD COLUMN "refused_at" TIMESTAMPTZ(3),
ADD COLUMN "rotated" BOOLEAN NOT NULL DEFAULT false;

-- So far only a rotation gave a token an end.
UPDATE "webhook_tokens" SET "rotated" = true WHERE "expires_at" IS NOT NULL;
