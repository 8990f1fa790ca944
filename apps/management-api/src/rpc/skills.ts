import type { ServiceImpl } from '@connectrpc/connect';
import type { SkillService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { newId } from '@agent-platform/service';
import type { Context } from '../context.ts';
import { refuseWhileUsed } from '../crud/in-use.ts';
import { refuseOverLimit } from '../crud/limit.ts';
import { listPage } from '../crud/list.ts';
import { throwIfAny } from '../crud/problems.ts';
import { getByReference } from '../crud/reference.ts';
import { withUniqueName } from '../crud/unique-name.ts';
import { applyUpdate } from '../crud/update.ts';
import { checkMove, checkSkill } from '../skills/check-skill.ts';
import { putCredentials } from '../skills/credentials.ts';
import { headerNames } from '../skills/mcp-headers.ts';
import { skillColumns, skills } from '../skills/skill.ts';

const ALL_CREDENTIALS: ReadonlySet<string> = new Set(['mcp_headers', 'mcp_oauth']);

export function skillRoutes({
  database,
  credentials,
  addressRules,
  limits,
  clock,
}: Context): ServiceImpl<typeof SkillService> {
  return {
    async createSkill(request, call) {
      const { orgId } = userOf(call);
      const wanted = request.skill!;
      const names = headerNames(wanted.mcpHeaders);
      throwIfAny(checkSkill(wanted, { addressRules, headerNames: names }));
      const created = await database.write(orgId, async (tx) => {
        await refuseOverLimit(skills, tx, limits.skills);
        const now = new Date(clock());
        const id = newId('skl', now.getTime());
        const stored = { ...skillColumns(wanted), mcpHeaderNames: names };
        const data = { ...stored, orgId, id, createdAt: now, updatedAt: now };
        const row = await withUniqueName(skills, wanted.name, tx.skill.create({ data }));
        const given = [...(names.length > 0 ? ['mcp_headers'] : []), ...(wanted.mcpOauth ? ['mcp_oauth'] : [])];
        await putCredentials(credentials, { orgId, skillId: id }, wanted, new Set(given));
        return row;
      });
      return { skill: skills.toMessage(created) };
    },

    async getSkill(request, call) {
      const row = await getByReference(skills, database.tenant(userOf(call).orgId), request.skill);
      return { skill: skills.toMessage(row) };
    },

    async listSkills(request, call) {
      const { messages, nextPageToken } = await listPage(skills, database.tenant(userOf(call).orgId), request);
      return { skills: messages, nextPageToken };
    },

    async updateSkill(request, call) {
      const { orgId } = userOf(call);
      const patch = request.skill!;
      const updated = await database.write(orgId, async (tx) => {
        const row = await getByReference(skills, tx, patch.id);
        const { wanted, written } = applyUpdate(skills, row, patch, request.updateMask);
        const names = written.has('mcp_headers') ? headerNames(wanted.mcpHeaders) : row.mcpHeaderNames;
        throwIfAny([
          ...checkSkill(wanted, { addressRules, headerNames: names, keepsOAuth: !written.has('mcp_oauth') }),
          ...checkMove(row, wanted, written),
        ]);
        const data = { ...skillColumns(wanted), mcpHeaderNames: names, updatedAt: new Date(clock()) };
        await withUniqueName(skills, wanted.name, tx.skill.updateMany({ where: { id: row.id }, data }));
        await putCredentials(credentials, { orgId, skillId: row.id }, wanted, written);
        return getByReference(skills, tx, row.id);
      });
      return { skill: skills.toMessage(updated) };
    },

    async deleteSkill(request, call) {
      const { orgId } = userOf(call);
      await database.write(orgId, async (tx) => {
        const row = await getByReference(skills, tx, request.skill);
        const users = await tx.agent.findMany({ where: { skills: { some: { skillId: row.id } } } });
        refuseWhileUsed(skills, row, 'agents', users);
        const callers = await tx.trigger.findMany({ where: { toolSkillId: row.id }, select: { name: true } });
        refuseWhileUsed(skills, row, 'triggers', callers);
        await tx.skill.deleteMany({ where: { id: row.id } });
        await putCredentials(credentials, { orgId, skillId: row.id }, { mcpHeaders: {} }, ALL_CREDENTIALS);
      });
      return {};
    },
  };
}
