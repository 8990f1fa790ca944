import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { AgentConfigurationSchema, AgentSchema, type Agent } from '@agent-platform/proto';
import type { Resource } from '../crud/resource.ts';
import type { Prisma } from '../generated/prisma/client.ts';

const include = {
  skills: { include: { skill: { select: { name: true } } }, orderBy: { position: 'asc' } },
} satisfies Prisma.AgentInclude;

export type AgentRow = Prisma.AgentGetPayload<{ include: typeof include }>;

export const agents: Resource<Agent, AgentRow> = {
  label: 'agent',
  field: 'agent',
  idPrefix: 'agt',
  schema: AgentSchema,
  find: (tenant, key) => tenant.agent.findFirst({ where: key, include }),
  page: (tenant, page) => tenant.agent.findMany({ ...page, include }),
  count: (tenant) => tenant.agent.count(),
  toMessage: (row) =>
    create(AgentSchema, {
      id: row.id,
      name: row.name,
      displayName: row.displayName,
      description: row.description,
      instructions: row.instructions,
      model: row.model,
      skills: row.skills.map(({ skill }) => skill.name),
      createdAt: timestampFromDate(row.createdAt),
      updatedAt: timestampFromDate(row.updatedAt),
    }),
  toConfiguration: ({ id, name, instructions, model, skills }) => {
    const skillIds = skills.map(({ skillId }) => skillId);
    return { case: 'agent', value: create(AgentConfigurationSchema, { id, name, instructions, model, skillIds }) };
  },
};
