import type { ServiceImpl } from '@connectrpc/connect';
import type { Trigger, TriggerService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { newId } from '@agent-platform/ids';
import type { Logger } from '@agent-platform/telemetry';
import type { AgentRow } from '../agents/agent.ts';
import type { Context } from '../context.ts';
import { refuseOverLimit } from '../crud/limit.ts';
import { listPage } from '../crud/list.ts';
import { getByReference } from '../crud/reference.ts';
import { withUniqueName } from '../crud/unique-name.ts';
import { applyUpdate } from '../crud/update.ts';
import { resolveTrigger } from '../triggers/resolve-trigger.ts';
import { triggers } from '../triggers/trigger.ts';

export function triggerRoutes({ database, logger, limits, clock }: Context): ServiceImpl<typeof TriggerService> {
  return {
    async createTrigger(request, call) {
      const { orgId } = userOf(call);
      const wanted = request.trigger!;
      const created = await database.write(orgId, async (tx, revision) => {
        await refuseOverLimit(triggers, tx, limits.triggers);
        const { columns, agent } = await resolveTrigger(tx, wanted);
        const now = new Date(clock());
        const id = newId('trg', now.getTime());
        const data = { ...columns, orgId, id, createdAt: now, updatedAt: now };
        await withUniqueName(triggers, wanted.name, tx.trigger.create({ data }));
        warnOfNoTools(logger, orgId, wanted, agent);
        return revision.saved(triggers, await getByReference(triggers, tx, id));
      });
      return { trigger: triggers.toMessage(created) };
    },

    async getTrigger(request, call) {
      const row = await getByReference(triggers, database.tenant(userOf(call).orgId), request.trigger);
      return { trigger: triggers.toMessage(row) };
    },

    async listTriggers(request, call) {
      const { messages, nextPageToken } = await listPage(triggers, database.tenant(userOf(call).orgId), request);
      return { triggers: messages, nextPageToken };
    },

    async updateTrigger(request, call) {
      const { orgId } = userOf(call);
      const patch = request.trigger!;
      const updated = await database.write(orgId, async (tx, revision) => {
        const row = await getByReference(triggers, tx, patch.id);
        const { wanted } = applyUpdate(triggers, row, patch, request.updateMask);
        const { columns, agent } = await resolveTrigger(tx, wanted);
        const data = { ...columns, updatedAt: new Date(clock()) };
        await withUniqueName(triggers, wanted.name, tx.trigger.updateMany({ where: { id: row.id }, data }));
        warnOfNoTools(logger, orgId, wanted, agent);
        return revision.saved(triggers, await getByReference(triggers, tx, row.id));
      });
      return { trigger: triggers.toMessage(updated) };
    },

    async deleteTrigger(request, call) {
      await database.write(userOf(call).orgId, async (tx, revision) => {
        const row = await getByReference(triggers, tx, request.trigger);
        await tx.trigger.deleteMany({ where: { id: row.id } });
        await revision.deleted(row.id);
      });
      return {};
    },
  };
}

/** Not an error: the agent may get its skills afterwards. */
function warnOfNoTools(logger: Logger, orgId: string, trigger: Trigger, agent: AgentRow): void {
  if (trigger.action.case !== 'toolCall' || agent.skills.length > 0) return;
  const fields = { org_id: orgId, trigger: trigger.name, agent_id: agent.id };
  logger.warn(fields, 'the trigger calls a tool, and its agent has no skill yet');
}
