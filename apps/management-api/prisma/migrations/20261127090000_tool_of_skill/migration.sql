-- A tool named through its skill ("invoices/echo") is bound to the skill's id, so that the skill can be renamed.
ALTER TABLE "triggers" ADD COLUMN "tool_skill_id" TEXT;

UPDATE "triggers" t SET "tool_skill_id" = s."id", "tool" = substr(t."tool", length(s."name") + 2)
FROM "skills" s JOIN "agent_skills" a ON a."org_id" = s."org_id" AND a."skill_id" = s."id"
WHERE a."org_id" = t."org_id" AND a."agent_id" = t."agent_id" AND starts_with(t."tool", s."name" || '/');

CREATE INDEX "triggers_org_id_tool_skill_id_idx" ON "triggers"("org_id", "tool_skill_id");

ALTER TABLE "triggers" ADD CONSTRAINT "triggers_org_id_tool_skill_id_fkey"
  FOREIGN KEY ("org_id", "tool_skill_id") REFERENCES "skills"("org_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
