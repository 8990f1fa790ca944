CREATE TABLE "dead_letters" (
    "id" TEXT NOT NULL,
    "org_id" TEXT,
    "event_id" TEXT,
    "source_id" TEXT,
    "topic" TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    "offset" BIGINT NOT NULL,
    "headers" TEXT NOT NULL,
    "value" BYTEA NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "reason_code" TEXT NOT NULL,
    "reason_message" TEXT NOT NULL,
    "dead_lettered_at" TIMESTAMPTZ(3) NOT NULL,
    "redrive_requested_at" TIMESTAMPTZ(3),
    "redrive_requested_by" TEXT,
    "redriven_at" TIMESTAMPTZ(3),
    "redrive_outcome" TEXT,
    "redrive_error_code" TEXT,
    "redrive_error_message" TEXT,

    CONSTRAINT "dead_letters_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "dead_letters_redrive_outcome_check" CHECK ("redrive_outcome" IN ('processed', 'refused'))
);

CREATE INDEX "dead_letters_org_id_dead_lettered_at_id_idx"
    ON "dead_letters" ("org_id", "dead_lettered_at" DESC, "id" DESC);

-- Retention, and operators, walk all tenants' by age.
CREATE INDEX "dead_letters_dead_lettered_at_id_idx" ON "dead_letters" ("dead_lettered_at", "id");

-- What is to be redriven: looked at all the time, and nearly always empty.
CREATE INDEX "dead_letters_redrive_idx" ON "dead_letters" ("dead_lettered_at", "id")
    WHERE "redrive_requested_at" IS NOT NULL AND "redriven_at" IS NULL;
