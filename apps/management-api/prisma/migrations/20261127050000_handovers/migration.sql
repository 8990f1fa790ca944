ALTER TABLE "skills" ADD COLUMN "credential_version" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "webhook_sources" ADD COLUMN "signature_version" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "revision" BIGINT NOT NULL DEFAULT 0;

CREATE TABLE "handovers" (
    "id" SERIAL NOT NULL,
    "org_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "is_open" BOOLEAN NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "handovers_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "handovers_due_at_idx" ON "handovers"("due_at");

-- Credentials from before there were origins are bound to their skill's server, and until then sent nowhere.
INSERT INTO "handovers" ("org_id", "owner_id", "is_open", "due_at")
SELECT "org_id", "id", false, now() FROM "skills"
WHERE cardinality("mcp_header_names") > 0 OR "mcp_oauth_issuer" IS NOT NULL;
