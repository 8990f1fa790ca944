-- What was asked for by whom, and how far it is.
CREATE TABLE "replays" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "event_count" INTEGER NOT NULL,
    "run_count" INTEGER NOT NULL,
    "started_count" INTEGER NOT NULL DEFAULT 0,
    "scope" TEXT,
    "position" TEXT,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "error_code" TEXT,
    "error_message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "replays_pkey" PRIMARY KEY ("org_id", "id"),
    CONSTRAINT "replays_state_check" CHECK ("state" IN ('running', 'succeeded', 'cancelled'))
);

CREATE INDEX "replays_org_id_created_at_id_idx" ON "replays" ("org_id", "created_at" DESC, "id" DESC);

-- What there is to do.
CREATE INDEX "replays_due_at_idx" ON "replays" ("due_at") WHERE "state" = 'running';

-- For retention.
CREATE INDEX "replays_finished_at_idx" ON "replays" ("finished_at") WHERE "finished_at" IS NOT NULL;
