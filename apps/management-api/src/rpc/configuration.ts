import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { ConfigurationSchema, type Configuration, type ConfigurationService } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import type { Tenant } from '../database.ts';
import { actionOf } from '../triggers/action.ts';

export function configurationRoutes({ database }: Context): ServiceImpl<typeof ConfigurationService> {
  return {
    async getConfiguration({ orgId, knownVersion }) {
      // Asked before every batch of events, and seldom with news: one row answers it then.
      const version = await currentVersion(database.tenant(orgId), orgId);
      if (version === knownVersion) return { version };
      return database.snapshot(orgId, async (tx) => ({
        version: await currentVersion(tx, orgId),
        configuration: await readConfiguration(tx),
      }));
    },
  };
}

/** From 1, which is the empty configuration of a tenant that never wrote, so that nobody takes it for their 0. */
async function currentVersion(tenant: Tenant, orgId: string): Promise<bigint> {
  const row = await tenant.orgVersion.findFirst({ where: { orgId } });
  return 1n + (row?.version ?? 0n);
}

async function readConfiguration(tx: Tenant): Promise<Configuration> {
  const orderBy = { id: 'asc' } as const;
  const triggers = await tx.trigger.findMany({
    orderBy,
    include: { source: { select: { name: true } }, toolSkill: { select: { name: true } } },
  });
  const agents = await tx.agent.findMany({ orderBy, include: { skills: { orderBy: { position: 'asc' } } } });
  const skills = await tx.skill.findMany({ orderBy });
  return create(ConfigurationSchema, {
    triggers: triggers.map((row) => ({
      id: row.id,
      name: row.name,
      eventType: row.eventType,
      sourceId: row.sourceId,
      sourceName: row.source.name,
      agentId: row.agentId,
      autoApprove: row.autoApprove,
      action: actionOf(row, row.toolSkill),
    })),
    agents: agents.map(({ id, name, instructions, model, skills }) => ({
      id,
      name,
      instructions,
      model,
      skillIds: skills.map(({ skillId }) => skillId),
    })),
    skills: skills.map((row) => ({
      id: row.id,
      name: row.name,
      mcpServerUrl: row.mcpServerUrl,
      readOnly: row.category === 'read',
      requiresApproval: row.requiresApproval,
      credentialVersion: row.credentialVersion,
    })),
  });
}
