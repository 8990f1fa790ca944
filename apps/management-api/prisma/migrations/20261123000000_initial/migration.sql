-- CreateEnum
CREATE TYPE "deduplication" AS ENUM ('content', 'key', 'none');

-- CreateEnum
CREATE TYPE "skill_category" AS ENUM ('read', 'write');

-- CreateTable
CREATE TABLE "webhook_sources" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "deduplication" "deduplication" NOT NULL,
    "rate_limit_per_second" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_sources_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "skills" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "category" "skill_category" NOT NULL,
    "requires_approval" BOOLEAN NOT NULL,
    "mcp_server_url" TEXT NOT NULL,
    "mcp_header_names" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "skills_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "agents" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "instructions" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "agents_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "agent_skills" (
    "org_id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "skill_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "agent_skills_pkey" PRIMARY KEY ("org_id","agent_id","skill_id")
);

-- CreateTable
CREATE TABLE "triggers" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "event_type" TEXT NOT NULL,
    "source_id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "auto_approve" BOOLEAN NOT NULL,
    "prompt_template" TEXT,
    "tool" TEXT,
    "tool_arguments" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "triggers_pkey" PRIMARY KEY ("org_id","id"),
    CONSTRAINT "triggers_one_action" CHECK (("prompt_template" IS NULL) = ("tool" IS NOT NULL) AND ("tool" IS NULL) = ("tool_arguments" IS NULL))
);

-- CreateTable
CREATE TABLE "org_versions" (
    "org_id" TEXT NOT NULL,
    "version" BIGINT NOT NULL,

    CONSTRAINT "org_versions_pkey" PRIMARY KEY ("org_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "webhook_sources_org_id_name_key" ON "webhook_sources"("org_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "skills_org_id_name_key" ON "skills"("org_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "agents_org_id_name_key" ON "agents"("org_id", "name");

-- CreateIndex
CREATE INDEX "agent_skills_org_id_skill_id_idx" ON "agent_skills"("org_id", "skill_id");

-- CreateIndex
CREATE UNIQUE INDEX "triggers_org_id_name_key" ON "triggers"("org_id", "name");

-- CreateIndex
CREATE INDEX "triggers_org_id_source_id_idx" ON "triggers"("org_id", "source_id");

-- CreateIndex
CREATE INDEX "triggers_org_id_agent_id_idx" ON "triggers"("org_id", "agent_id");

-- AddForeignKey
ALTER TABLE "agent_skills" ADD CONSTRAINT "agent_skills_org_id_agent_id_fkey" FOREIGN KEY ("org_id", "agent_id") REFERENCES "agents"("org_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_skills" ADD CONSTRAINT "agent_skills_org_id_skill_id_fkey" FOREIGN KEY ("org_id", "skill_id") REFERENCES "skills"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_org_id_source_id_fkey" FOREIGN KEY ("org_id", "source_id") REFERENCES "webhook_sources"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_org_id_agent_id_fkey" FOREIGN KEY ("org_id", "agent_id") REFERENCES "agents"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
