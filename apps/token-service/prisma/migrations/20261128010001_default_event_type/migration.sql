ALTER TABLE "sources" ADD COLUMN "default_event_type" TEXT NOT NULL DEFAULT '';
