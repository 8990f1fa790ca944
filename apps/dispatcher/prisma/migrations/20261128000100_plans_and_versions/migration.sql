-- Plans stand once, by their content; runs refer to them.
CREATE TABLE "plans" (
    "org_id" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "trigger_id" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "used_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("org_id", "hash")
);

CREATE INDEX "plans_used_at_idx" ON "plans" ("used_at");

ALTER TABLE "runs" ADD COLUMN "plan_hash" BYTEA;

UPDATE "runs" SET "plan_hash" = sha256(convert_to("plan", 'UTF8'));

INSERT INTO "plans"
SELECT DISTINCT ON ("org_id", "plan_hash") "org_id", "plan_hash", "trigger_id", "plan", now() FROM "runs";

ALTER TABLE "runs" ALTER COLUMN "plan_hash" SET NOT NULL, DROP COLUMN "plan";

-- Decisions are those of the triggers that listen; why another did not start is found out from the version when asked.
ALTER TABLE "events" ADD COLUMN "configuration_version" BIGINT, ALTER COLUMN "decisions" DROP NOT NULL;

-- Events whose tenant's configuration could not be read: none, as a rule.
CREATE INDEX "events_undecided_idx" ON "events" ("org_id", "received_at", "id") WHERE "decisions" IS NULL;
