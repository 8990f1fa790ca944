import { create, fromJsonString, toJsonString } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  SkillCategory,
  SkillConfigurationSchema,
  SkillSchema,
  SkillType,
  type Skill,
  RetryPolicySchema,
  type RetryPolicy,
} from '@agent-platform/proto';
import type { Resource } from '../crud/resource.ts';
import type { Skill as SkillRow } from '../generated/prisma/client.ts';
import { oauthColumns, oauthMessage } from './mcp-oauth.ts';

export const skills: Resource<Skill, SkillRow> = {
  label: 'skill',
  field: 'skill',
  idPrefix: 'skl',
  schema: SkillSchema,
  find: (tenant, key) => tenant.skill.findFirst({ where: key }),
  page: (tenant, page) => tenant.skill.findMany(page),
  count: (tenant) => tenant.skill.count(),
  toMessage: (row) => {
    const mcpOauth = oauthMessage(row);
    return create(SkillSchema, {
      id: row.id,
      name: row.name,
      displayName: row.displayName,
      description: row.description,
      category: row.category === 'read' ? SkillCategory.READ : SkillCategory.WRITE,
      requiresApproval: row.requiresApproval,
      skillType: SkillType.MCP,
      mcpServerUrl: row.mcpServerUrl,
      mcpHeaderNames: row.mcpHeaderNames,
      ...(mcpOauth && { mcpOauth }),
      ...retryOf(row),
      createdAt: timestampFromDate(row.createdAt),
      updatedAt: timestampFromDate(row.updatedAt),
    });
  },
  toConfiguration: (row) => {
    const { id, name, mcpServerUrl, requiresApproval, credentialVersion } = row;
    const readOnly = row.category === 'read';
    const fields = { id, name, mcpServerUrl, readOnly, requiresApproval, credentialVersion, ...retryOf(row) };
    return { case: 'skill', value: create(SkillConfigurationSchema, fields) };
  },
};

/** What is stored of a skill here; the values of its headers and the secret of its client are not. */
export function skillColumns(skill: Skill) {
  const { name, displayName, description, requiresApproval, mcpServerUrl } = skill;
  const category = skill.category === SkillCategory.READ ? 'read' : 'write';
  const oauth = oauthColumns(skill.mcpOauth);
  const retry = skill.retry ? toJsonString(RetryPolicySchema, skill.retry) : null;
  return { name, displayName, description, requiresApproval, mcpServerUrl, category, retry, ...oauth } as const;
}

function retryOf({ retry }: Pick<SkillRow, 'retry'>): { retry?: RetryPolicy } {
  return retry === null ? {} : { retry: fromJsonString(RetryPolicySchema, retry) };
}
