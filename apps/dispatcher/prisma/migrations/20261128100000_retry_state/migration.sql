ALTER TABLE "runs" ADD COLUMN "attempts_left" INTEGER, ADD COLUMN "gives_up_at" TIMESTAMPTZ(3);
