CREATE TABLE "configuration_revisions" (
    "org_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "content" TEXT,

    CONSTRAINT "configuration_revisions_pkey" PRIMARY KEY ("org_id", "id", "version")
);

CREATE INDEX "configuration_revisions_org_id_version_idx" ON "configuration_revisions" ("org_id", "version");

-- What is there, as of the version there is.
INSERT INTO "configuration_revisions"
SELECT o."org_id", r."id", o."version", r."content"
FROM "org_versions" o JOIN (
    SELECT "org_id", "id", json_build_object('source', json_build_object('id', "id", 'name', "name"))::text AS "content" FROM "webhook_sources"
    UNION ALL
    SELECT "org_id", "id", json_build_object('skill', json_build_object('id', "id", 'name', "name", 'mcpServerUrl', "mcp_server_url",
        'readOnly', "category" = 'read', 'requiresApproval', "requires_approval",
        'credentialVersion', "credential_version"))::text FROM "skills"
    UNION ALL
    SELECT a."org_id", a."id", json_build_object('agent', json_build_object('id', a."id", 'name', a."name", 'instructions', a."instructions",
        'model', a."model", 'skillIds', (
            SELECT coalesce(json_agg(s."skill_id" ORDER BY s."position"), '[]') FROM "agent_skills" s
            WHERE s."org_id" = a."org_id" AND s."agent_id" = a."id")))::text FROM "agents" a
    UNION ALL
    SELECT "org_id", "id", jsonb_build_object('trigger',
        jsonb_build_object('id', "id", 'name', "name", 'eventType', "event_type", 'sourceId', "source_id",
            'agentId', "agent_id", 'autoApprove', "auto_approve")
        || CASE WHEN "prompt_template" IS NOT NULL THEN jsonb_build_object('promptTemplate', "prompt_template")
           ELSE jsonb_build_object('toolCall', jsonb_build_object('tool', "tool",
               'skillId', coalesce("tool_skill_id", ''), 'arguments', "tool_arguments")) END)::text
    FROM "triggers"
) r ON r."org_id" = o."org_id";
