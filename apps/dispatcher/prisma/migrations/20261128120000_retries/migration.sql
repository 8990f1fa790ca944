-- Of a retry: the run that was retried.
ALTER TABLE "runs" ADD COLUMN "retry_of" TEXT;
