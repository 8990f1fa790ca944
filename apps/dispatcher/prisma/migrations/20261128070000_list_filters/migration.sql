-- Lists filter by it: the event's.
ALTER TABLE "runs" ADD COLUMN "source_id" TEXT;

UPDATE "runs" SET "source_id" = coalesce((SELECT "source_id" FROM "events" WHERE "events"."id" = "runs"."event_id"), '');

ALTER TABLE "runs" ALTER COLUMN "source_id" SET NOT NULL;

CREATE INDEX "runs_org_id_source_id_id_idx" ON "runs" ("org_id", "source_id", "id" DESC);

CREATE INDEX "runs_org_id_agent_id_id_idx" ON "runs" ("org_id", "agent_id", "id" DESC);

-- Where little succeeds, what did is as hard to find as what failed elsewhere.
CREATE INDEX "runs_org_id_status_id_key" ON "runs" ("org_id", "status", "id" DESC);
DROP INDEX "runs_org_id_status_id_idx";
ALTER INDEX "runs_org_id_status_id_key" RENAME TO "runs_org_id_status_id_idx";

-- Of one key there is one event per source: those few are sorted by time.
CREATE INDEX "events_org_id_idempotency_key_idx" ON "events" ("org_id", "idempotency_key")
    WHERE "idempotency_key" IS NOT NULL;
