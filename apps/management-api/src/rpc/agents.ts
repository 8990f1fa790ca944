import type { ServiceImpl } from '@connectrpc/connect';
import type { Agent, AgentService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { newId } from '@agent-platform/ids';
import { resolveSkills } from '../agents/agent-skills.ts';
import { agents } from '../agents/agent.ts';
import type { Context } from '../context.ts';
import { checkCommon } from '../crud/check.ts';
import { refuseWhileUsed } from '../crud/in-use.ts';
import { refuseOverLimit } from '../crud/limit.ts';
import { listPage } from '../crud/list.ts';
import { throwIfInvalid } from '../crud/problems.ts';
import { getByReference } from '../crud/reference.ts';
import { withUniqueName } from '../crud/unique-name.ts';
import { applyUpdate } from '../crud/update.ts';
import type { Tenant } from '../tenant.ts';

export function agentRoutes({ database, limits, clock }: Context): ServiceImpl<typeof AgentService> {
  return {
    async createAgent(request, call) {
      const { orgId } = userOf(call);
      const wanted = request.agent!;
      const created = await database.write(orgId, async (tx, revision) => {
        await refuseOverLimit(agents, tx, limits.agents);
        const skillIds = await check(tx, wanted);
        const now = new Date(clock());
        const id = newId('agt', now.getTime());
        const data = { ...columns(wanted), orgId, id, createdAt: now, updatedAt: now };
        await withUniqueName(agents, wanted.name, tx.agent.create({ data }));
        await tx.agentSkill.createMany({ data: positions(orgId, id, skillIds) });
        return revision.saved(agents, await getByReference(agents, tx, id));
      });
      return { agent: agents.toMessage(created) };
    },

    async getAgent(request, call) {
      const row = await getByReference(agents, database.tenant(userOf(call).orgId), request.agent);
      return { agent: agents.toMessage(row) };
    },

    async listAgents(request, call) {
      const { messages, nextPageToken } = await listPage(agents, database.tenant(userOf(call).orgId), request);
      return { agents: messages, nextPageToken };
    },

    async updateAgent(request, call) {
      const { orgId } = userOf(call);
      const patch = request.agent!;
      const updated = await database.write(orgId, async (tx, revision) => {
        const row = await getByReference(agents, tx, patch.id);
        const { wanted } = applyUpdate(agents, row, patch, request.updateMask);
        const skillIds = await check(tx, wanted);
        const data = { ...columns(wanted), updatedAt: new Date(clock()) };
        await withUniqueName(agents, wanted.name, tx.agent.updateMany({ where: { id: row.id }, data }));
        await tx.agentSkill.deleteMany({ where: { agentId: row.id } });
        await tx.agentSkill.createMany({ data: positions(orgId, row.id, skillIds) });
        return revision.saved(agents, await getByReference(agents, tx, row.id));
      });
      return { agent: agents.toMessage(updated) };
    },

    async deleteAgent(request, call) {
      await database.write(userOf(call).orgId, async (tx, revision) => {
        const row = await getByReference(agents, tx, request.agent);
        const users = await tx.trigger.findMany({ where: { agentId: row.id }, select: { name: true } });
        refuseWhileUsed(agents, row, 'triggers', users);
        await tx.agent.deleteMany({ where: { id: row.id } });
        await revision.deleted(row.id);
      });
      return {};
    },
  };
}

/** The ids of its skills, when nothing is wrong with it. */
async function check(tx: Tenant, wanted: Agent): Promise<string[]> {
  const problems = checkCommon(agents, wanted, ['name']);
  const skillIds = await resolveSkills(tx, wanted.skills, problems);
  throwIfInvalid(problems);
  return skillIds;
}

function columns({ name, displayName, description, instructions, model }: Agent) {
  return { name, displayName, description, instructions, model };
}

function positions(orgId: string, agentId: string, skillIds: readonly string[]) {
  return skillIds.map((skillId, position) => ({ orgId, agentId, skillId, position }));
}
