-- Protobuf JSON of a RetryPolicy.
ALTER TABLE "skills" ADD COLUMN "retry" TEXT;
