ALTER TABLE "runs"
    ADD COLUMN "replay_id" TEXT NOT NULL DEFAULT '',
    ADD COLUMN "replay_of" TEXT,
    ADD COLUMN "resolutions" TEXT NOT NULL DEFAULT '[]',
    ADD COLUMN "cancel_requested_at" TIMESTAMPTZ(3),
    ADD COLUMN "cancel_requested_by" TEXT;

-- The promise: one run per event and trigger, and one more for each replay. An event's own run has no replay id.
CREATE UNIQUE INDEX "runs_event_id_trigger_id_replay_id_key" ON "runs" ("event_id", "trigger_id", "replay_id");
DROP INDEX "runs_event_id_trigger_id_key";

CREATE INDEX "runs_org_id_trigger_id_id_idx" ON "runs" ("org_id", "trigger_id", "id" DESC);

-- Most runs succeed, and those are found soon enough without it: so it stays small, and costs nothing once they have.
CREATE INDEX "runs_org_id_status_id_idx" ON "runs" ("org_id", "status", "id" DESC) WHERE "status" <> 'succeeded';

CREATE INDEX "runs_org_id_replay_id_id_idx" ON "runs" ("org_id", "replay_id", "id" DESC) WHERE "replay_id" <> '';

CREATE INDEX "events_org_id_event_type_received_at_id_idx"
    ON "events" ("org_id", "event_type", "received_at" DESC, "id" DESC);

CREATE INDEX "events_org_id_source_id_received_at_id_idx"
    ON "events" ("org_id", "source_id", "received_at" DESC, "id" DESC);

-- Retention walks all tenants' events by age. Runs need none: their ids sort by the time they were made.
CREATE INDEX "events_received_at_id_idx" ON "events" ("received_at", "id");
