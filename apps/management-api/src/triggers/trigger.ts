import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { TriggerConfigurationSchema, TriggerSchema, TriggerType, type Trigger } from '@agent-platform/proto';
import type { Resource } from '../crud/resource.ts';
import type { Prisma } from '../generated/prisma/client.ts';
import { actionOf } from './action.ts';

const include = {
  source: { select: { name: true } },
  toolSkill: { select: { name: true } },
} satisfies Prisma.TriggerInclude;

export type TriggerRow = Prisma.TriggerGetPayload<{ include: typeof include }>;

export const triggers: Resource<Trigger, TriggerRow> = {
  label: 'trigger',
  field: 'trigger',
  idPrefix: 'trg',
  schema: TriggerSchema,
  find: (tenant, key) => tenant.trigger.findFirst({ where: key, include }),
  page: (tenant, page) => tenant.trigger.findMany({ ...page, include }),
  count: (tenant) => tenant.trigger.count(),
  toMessage: (row) =>
    create(TriggerSchema, {
      id: row.id,
      name: row.name,
      description: row.description,
      type: TriggerType.WEBHOOK,
      eventType: row.eventType,
      webhookSource: row.source.name,
      agentId: row.agentId,
      autoApprove: row.autoApprove,
      paused: row.paused,
      action: actionOf(row, row.toolSkill),
      createdAt: timestampFromDate(row.createdAt),
      updatedAt: timestampFromDate(row.updatedAt),
    }),
  toConfiguration: (row) => {
    const { id, name, eventType, sourceId, agentId, autoApprove, paused } = row;
    const fields = { id, name, eventType, sourceId, agentId, autoApprove, paused, action: actionOf(row, null) };
    return { case: 'trigger', value: create(TriggerConfigurationSchema, fields) };
  },
};
