-- Runs that are there already are marked by the first look of a dispatcher, new ones as they are made.
ALTER TABLE "runs" ADD COLUMN "due" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "runs" ALTER COLUMN "due" SET DEFAULT true;

-- What may be claimed now, by tenant and trigger: from one tenant to the next is one step, whatever each has waiting.
CREATE INDEX "runs_org_id_trigger_id_claimable_at_idx" ON "runs" ("org_id", "trigger_id", "claimable_at")
    WHERE "due" AND "status" IN ('queued', 'running');

-- What may be claimed later: retries, and leases that have not ended.
DROP INDEX "runs_claimable_at_idx";
CREATE INDEX "runs_claimable_at_idx" ON "runs" ("claimable_at") WHERE NOT "due" AND "status" IN ('queued', 'running');

-- Keeps everybody else from claiming for a tenant until the transaction ends, and answers how many runs of each of its
-- triggers are running, and under '' how many in all; NULL: somebody else is claiming. It never waits. A function,
-- because a statement sees what was committed when it began, and a count is worth nothing unless it is made under the
-- lock. Rows are read before they are grouped: else the planner may take an index that has them in that order, and all
-- of the tenant's.
CREATE FUNCTION "lock_claims"("tenant" TEXT) RETURNS JSONB LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended("tenant", 2026112804)) THEN
        RETURN NULL;
    END IF;
    RETURN (
        WITH "running" AS MATERIALIZED (
            SELECT "trigger_id" FROM "runs"
            WHERE "org_id" = "tenant" AND "status" = 'running' AND "claimable_at" > now()
        )
        SELECT jsonb_object_agg(coalesce("trigger_id", ''), "count")
        FROM (
            SELECT "trigger_id", count(*) FROM "running" GROUP BY GROUPING SETS (("trigger_id"), ())
        ) AS "by_trigger"
    );
END
$$;
