import type { Message } from '@bufbuild/protobuf';
import type { Trigger } from '@agent-platform/proto';
import { agents } from '../agents/agent.ts';
import { checkCommon } from '../crud/check.ts';
import type { Resource, Row } from '../crud/resource.ts';
import { throwIfInvalid, type Problems } from '../crud/problems.ts';
import { findByReference } from '../crud/reference.ts';
import type { Tenant } from '../tenant.ts';
import { webhookSources } from '../webhook-sources/webhook-source.ts';
import { actionColumns, checkAction } from './action.ts';
import { triggers } from './trigger.ts';

const REQUIRED = ['name', 'event_type', 'webhook_source', 'agent_id'];

/** The columns of a trigger, its references resolved, when nothing is wrong with it; and the agent that will act. */
export async function resolveTrigger(tenant: Tenant, wanted: Trigger) {
  const problems = [...checkCommon(triggers, wanted, REQUIRED), ...checkAction(wanted.action)];
  const source = await resolve(webhookSources, tenant, 'trigger.webhook_source', wanted.webhookSource, problems);
  const agent = await resolve(agents, tenant, 'trigger.agent_id', wanted.agentId, problems);
  throwIfInvalid(problems);
  const { name, description, eventType, autoApprove, paused } = wanted;
  const action = actionColumns(wanted.action, agent!.skills);
  const references = { sourceId: source!.id, agentId: agent!.id };
  const columns = { name, description, eventType, autoApprove, paused, ...references, ...action };
  return { columns, agent: agent! };
}

async function resolve<M extends Message, R extends Row>(
  resource: Resource<M, R>,
  tenant: Tenant,
  field: string,
  reference: string,
  problems: Problems,
): Promise<R | null> {
  if (reference === '') return null;
  const row = await findByReference(resource, tenant, reference);
  if (row === null) problems.push({ field, description: `there is no ${resource.label} "${reference}"` });
  return row;
}
