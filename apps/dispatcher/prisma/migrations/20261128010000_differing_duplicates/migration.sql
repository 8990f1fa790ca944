ALTER TABLE "event_duplicates" ADD COLUMN "content_differs" BOOLEAN NOT NULL DEFAULT false;
