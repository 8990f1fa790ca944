ALTER TABLE "steps" ADD COLUMN "result_bytes" INTEGER, ADD COLUMN "result_sha256" BYTEA;
