import type { ServiceImpl } from '@connectrpc/connect';
import type { SkillService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import { newId } from '@agent-platform/ids';
import type { Revision } from '../configuration/revision.ts';
import type { Context } from '../context.ts';
import { refuseWhileUsed } from '../crud/in-use.ts';
import { refuseOverLimit } from '../crud/limit.ts';
import { listPage } from '../crud/list.ts';
import { throwIfInvalid } from '../crud/problems.ts';
import { getByReference } from '../crud/reference.ts';
import { withUniqueName } from '../crud/unique-name.ts';
import { applyUpdate } from '../crud/update.ts';
import type { Tenant } from '../tenant.ts';
import type { Skill as SkillRow } from '../generated/prisma/client.ts';
import { callInternal } from '../call-internal.ts';
import { checkMove, checkSkill } from '../skills/check-skill.ts';
import { credentialOf, givenCredentials, writesCredential } from '../skills/credentials.ts';
import { changeHeaders } from '../skills/mcp-headers.ts';
import { skillColumns, skills } from '../skills/skill.ts';

const ALL: ReadonlySet<string> = new Set(['mcp_headers', 'mcp_oauth']);

export function skillRoutes({
  database,
  handovers,
  credentials,
  addressRules,
  limits,
  clock,
}: Context): ServiceImpl<typeof SkillService> {
  return {
    async createSkill(request, call) {
      const { orgId } = userOf(call);
      const wanted = request.skill!;
      const headers = changeHeaders([], wanted.mcpHeaders, undefined);
      throwIfInvalid(checkSkill(wanted, { addressRules, headerNames: headers.names }));
      const now = new Date(clock());
      const id = newId('skl', now.getTime());
      const create = async (tx: Tenant, revision: Revision, credentialVersion: number) => {
        await refuseOverLimit(skills, tx, limits.skills);
        const stored = { ...skillColumns(wanted), mcpHeaderNames: [...headers.names], credentialVersion };
        const data = { ...stored, orgId, id, createdAt: now, updatedAt: now };
        return revision.saved(skills, await withUniqueName(skills, wanted.name, tx.skill.create({ data })));
      };
      const given = givenCredentials(wanted);
      if (given.size === 0) {
        const row = await database.write(orgId, (tx, revision) => create(tx, revision, 0));
        return { skill: skills.toMessage(row) };
      }
      const { result } = await handovers.change({
        orgId,
        ownerId: id,
        put: async (version) => {
          await callInternal(
            credentials.putCredential({ ...credentialOf(wanted, ALL, headers), orgId, skillId: id, version }),
          );
        },
        write: (tx, { version, revision }) => create(tx, revision, version),
      });
      return { skill: skills.toMessage(result) };
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
      const checked = (row: SkillRow) => {
        const { wanted, written, keys } = applyUpdate(skills, row, patch, request.updateMask);
        const headerKeys = written.has('mcp_headers') ? keys.get('mcp_headers') : [];
        const headers = changeHeaders(row.mcpHeaderNames, wanted.mcpHeaders, headerKeys);
        const keepsOAuth = !written.has('mcp_oauth');
        throwIfInvalid([
          ...checkSkill(wanted, { addressRules, headerNames: headers.names, keepsOAuth }),
          ...headers.problems,
          ...checkMove(row, wanted, { keptHeaders: headers.kept, keepsOAuth }),
        ]);
        return { wanted, written, headers, columns: { ...skillColumns(wanted), mcpHeaderNames: [...headers.names] } };
      };
      const current = await getByReference(skills, database.tenant(orgId), patch.id);
      const { id, credentialVersion: baseVersion } = current;
      const { wanted, written, headers } = checked(current);
      const update = async (tx: Tenant, revision: Revision, version = baseVersion) => {
        const row = await getByReference(skills, tx, id);
        // What is kept of the credential was read from this version, and what is written replaces it.
        if (row.credentialVersion !== baseVersion) throw changedMeanwhile(row.name);
        const data = { ...checked(row).columns, credentialVersion: version, updatedAt: new Date(clock()) };
        await withUniqueName(skills, data.name, tx.skill.updateMany({ where: { id }, data }));
        return revision.saved(skills, await getByReference(skills, tx, id));
      };
      if (!writesCredential(written)) {
        return { skill: skills.toMessage(await database.write(orgId, (tx, revision) => update(tx, revision))) };
      }
      const { result } = await handovers.change({
        orgId,
        ownerId: id,
        put: async (version) => {
          const credential = { ...credentialOf(wanted, written, headers), baseVersion, version };
          await callInternal(credentials.putCredential({ ...credential, orgId, skillId: id }));
        },
        write: (tx, { version, revision }) => update(tx, revision, version),
      });
      return { skill: skills.toMessage(result) };
    },

    async deleteSkill(request, call) {
      const { orgId } = userOf(call);
      const { id } = await getByReference(skills, database.tenant(orgId), request.skill);
      await handovers.change({
        orgId,
        ownerId: id,
        async write(tx, { revision }) {
          const row = await getByReference(skills, tx, id);
          const users = await tx.agent.findMany({ where: { skills: { some: { skillId: row.id } } } });
          refuseWhileUsed(skills, row, 'agents', users);
          const callers = await tx.trigger.findMany({ where: { toolSkillId: row.id }, select: { name: true } });
          refuseWhileUsed(skills, row, 'triggers', callers);
          await tx.skill.deleteMany({ where: { id: row.id } });
          await revision.deleted(id);
        },
      });
      return {};
    },
  };
}

function changedMeanwhile(name: string): AppError {
  const message = `Somebody else has just changed the credential of the skill "${name}"; read the skill and try again.`;
  return new AppError('failed_precondition', 'skill_changed', message);
}
