-- JSON is kept as text: byte for byte, and jsonb refuses \u0000. No foreign keys: old rows leave by partition or
-- in small batches, each table for itself.

CREATE TABLE "events" (
    "id" TEXT NOT NULL,
    "org_id" TEXT NOT NULL,
    "source_id" TEXT NOT NULL,
    "event_type" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "idempotency_key" TEXT,
    "content_hash" BYTEA,
    "delivery_id" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3),
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "duplicate_of" TEXT,
    "decisions" TEXT NOT NULL,

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "events_org_id_received_at_id_idx" ON "events" ("org_id", "received_at" DESC, "id" DESC);

-- Finds the event a new one repeats.
CREATE INDEX "events_source_id_content_hash_received_at_idx" ON "events" ("source_id", "content_hash", "received_at")
    WHERE "content_hash" IS NOT NULL;

CREATE TABLE "event_duplicates" (
    "event_id" TEXT NOT NULL,
    "delivery_id" TEXT NOT NULL,
    "org_id" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_duplicates_pkey" PRIMARY KEY ("event_id", "delivery_id")
);

-- Every run is updated a few times in its first second: room in the page keeps it there.
CREATE TABLE "runs" (
    "id" TEXT NOT NULL,
    "org_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "trigger_id" TEXT NOT NULL,
    "trigger_name" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "agent_name" TEXT NOT NULL,
    "plan" TEXT NOT NULL,
    "traceparent" TEXT,
    "status" TEXT NOT NULL,
    "error_code" TEXT,
    "error_message" TEXT,
    "warnings" TEXT NOT NULL DEFAULT '[]',
    "output" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "claimable_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "runs_status_check" CHECK ("status" IN
        ('queued', 'running', 'awaiting_approval', 'succeeded', 'failed', 'cancelled', 'outcome_unknown'))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

-- The promise: one run per event and trigger.
CREATE UNIQUE INDEX "runs_event_id_trigger_id_key" ON "runs" ("event_id", "trigger_id");

CREATE INDEX "runs_org_id_id_idx" ON "runs" ("org_id", "id" DESC);

-- The queue: small, whatever the table holds.
CREATE INDEX "runs_claimable_at_idx" ON "runs" ("claimable_at") WHERE "status" IN ('queued', 'running');

CREATE TABLE "steps" (
    "run_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "org_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "position" TEXT NOT NULL,
    "skill" TEXT,
    "tool" TEXT,
    "arguments" TEXT,
    "repeatable" BOOLEAN NOT NULL,
    "result" TEXT,
    "error_code" TEXT,
    "error_message" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "steps_pkey" PRIMARY KEY ("run_id", "number"),
    CONSTRAINT "steps_kind_check" CHECK ("kind" IN ('tools_list', 'tool_call', 'model_turn')),
    CONSTRAINT "steps_status_check" CHECK ("status" IN ('started', 'succeeded', 'failed'))
) WITH (fillfactor = 85);
