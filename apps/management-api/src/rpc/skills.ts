import type { ServiceImpl } from '@connectrpc/connect';
import type { SkillService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { newId } from '@agent-platform/service';
import type { Context } from '../context.ts';
import { checkOutputOnly } from '../crud/check.ts';
import { refuseWhileUsed } from '../crud/in-use.ts';
import { listPage } from '../crud/list.ts';
import { throwIfAny } from '../crud/problems.ts';
import { getByReference } from '../crud/reference.ts';
import { withUniqueName } from '../crud/unique-name.ts';
import { applyUpdate } from '../crud/update.ts';
import { ownCall } from '../own-call.ts';
import { checkMove, checkSkill } from '../skills/check-skill.ts';
import { headerNames } from '../skills/mcp-headers.ts';
import { skillColumns, skills } from '../skills/skill.ts';

export function skillRoutes({ database, credentials, addressRules, clock }: Context): ServiceImpl<typeof SkillService> {
  return {
    async createSkill(request, call) {
      const { orgId } = userOf(call);
      const wanted = request.skill!;
      throwIfAny([...checkOutputOnly(skills, wanted), ...checkSkill(wanted, addressRules)]);
      const headers = wanted.mcpHeaders;
      const created = await database.write(orgId, async (tx) => {
        const now = new Date(clock());
        const id = newId('skl', now.getTime());
        const stored = { ...skillColumns(wanted), mcpHeaderNames: headerNames(headers) };
        const data = { ...stored, orgId, id, createdAt: now, updatedAt: now };
        const row = await withUniqueName(skills, wanted.name, tx.skill.create({ data }));
        // Last, because it cannot be rolled back; before the commit, because a skill is not saved without it.
        if (Object.keys(headers).length > 0) await ownCall(credentials.putCredential({ orgId, skillId: id, headers }));
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
        const headers = written.has('mcp_headers') ? wanted.mcpHeaders : undefined;
        throwIfAny([...checkSkill(wanted, addressRules), ...checkMove(row, wanted, headers)]);
        const names = headers === undefined ? row.mcpHeaderNames : headerNames(headers);
        const data = { ...skillColumns(wanted), mcpHeaderNames: names, updatedAt: new Date(clock()) };
        await withUniqueName(skills, wanted.name, tx.skill.updateMany({ where: { id: row.id }, data }));
        if (headers !== undefined) await ownCall(credentials.putCredential({ orgId, skillId: row.id, headers }));
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
        await tx.skill.deleteMany({ where: { id: row.id } });
        await ownCall(credentials.putCredential({ orgId, skillId: row.id, headers: {} }));
      });
      return {};
    },
  };
}
