import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentService, CredentialService, SkillCategory, SkillService, SkillType } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { createFixture, type Fixture } from './fixture.ts';
import { fresh, makeAgent, makeSkill } from './resources.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
beforeEach(() => {
  delete fixture.faults.tokenService;
  delete fixture.faults.isDeaf;
});
afterAll(() => fixture[Symbol.asyncDispose]());

const orgId = 'org_a';
const mcpHeaders = { Authorization: 'Bearer sk-1', 'X-Extra': 'x' };
const skills = () => fixture.as(orgId, SkillService);
const resolve = (skillId: string, mcpServerUrl: string) =>
  fixture
    .asService('dispatcher', 'token-service', CredentialService)
    .resolveCredential({ orgId, skillId, origin: new URL(mcpServerUrl).origin });
const stored = async (skillId: string, mcpServerUrl = 'https://mcp.example.com/mcp') =>
  (await resolve(skillId, mcpServerUrl)).headers;

async function update(skill: Record<string, unknown>, paths: string[]) {
  return (await skills().updateSkill({ skill, updateMask: { paths } })).skill!;
}

describe('a skill', () => {
  it('answers its defaults explicitly', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill') });
    expect(skill).toMatchObject({ category: SkillCategory.WRITE, skillType: SkillType.MCP, mcpHeaderNames: [] });
    const cleared = await update({ id: skill.id }, ['category', 'skill_type']);
    expect(cleared).toMatchObject({ category: SkillCategory.WRITE, skillType: SkillType.MCP });
  });

  it('says how often its calls are made again, as far as it was given', async () => {
    const totalTime = { seconds: 3_600n };
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), retry: { maxAttempts: 7, totalTime } });
    expect(skill.retry).toMatchObject({ maxAttempts: 7, totalTime });
    expect(skill.retry!.initialBackoff).toBeUndefined();
    const kept = await update({ id: skill.id, description: 'x' }, ['description']);
    expect(kept.retry).toEqual(skill.retry);
    expect((await update({ id: skill.id }, ['retry'])).retry).toBeUndefined();
    const wrong = update({ id: skill.id, retry: { totalTime: { seconds: 0n } } }, ['retry']);
    await expect(wrong).rejects.toMatchObject({ kind: 'invalid_argument' });
  });

  it.each([
    ['ftp://mcp.example.com/', 'must begin with https:// or http://'],
    ['https://user:pa55@mcp.example.com/', 'must not contain a user name or password'],
    ['http://169.254.169.254/latest', 'private, local or reserved address'],
    ['http://10.0.0.1/mcp', 'private, local or reserved address'],
  ])('does not take %s for its server', async (mcpServerUrl, problem) => {
    await expect(makeSkill(fixture, orgId, { name: fresh('skill'), mcpServerUrl })).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: 'skill.mcp_server_url', description: expect.stringContaining(problem) as string }],
    });
  });

  it('may have its server where the operator allows it', async () => {
    const mcpServerUrl = 'http://127.0.0.1:3000/mcp';
    expect(await makeSkill(fixture, orgId, { name: fresh('skill'), mcpServerUrl })).toMatchObject({ mcpServerUrl });
  });

  it('is not deleted while agents use it, and they are named', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    const users = [fresh('user'), fresh('user')];
    for (const user of users) await makeAgent(fixture, orgId, user, [skill.name]);
    await expect(skills().deleteSkill({ skill: skill.name })).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'skill_in_use',
      message: `The skill "${skill.name}" is used by agents "${users[0]}", "${users[1]}"; change or delete them first.`,
    });
    expect(await stored(skill.id)).toEqual(mcpHeaders);
    for (const agent of users) await fixture.as(orgId, AgentService).deleteAgent({ agent });
    await skills().deleteSkill({ skill: skill.name });
  });
});

describe('the headers of a skill', () => {
  it('are answered by name only, and kept by token-service', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    expect(skill).toMatchObject({ mcpHeaders: {}, mcpHeaderNames: ['Authorization', 'X-Extra'] });
    const { skill: read } = await skills().getSkill({ skill: skill.id });
    expect(read).toEqual(skill);
    expect((await skills().listSkills({})).skills.every(({ mcpHeaders }) => Object.keys(mcpHeaders).length === 0)).toBe(
      true,
    );
    expect(await stored(skill.id)).toEqual(mcpHeaders);
    expect(await fixture.dump()).not.toMatch(/sk-1/);
  });

  it('survive an update that does not name them', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    const mcpServerUrl = 'https://mcp.example.com/other-path';
    const updated = await update({ id: skill.id, mcpServerUrl, mcpHeaders: { A: 'b' } }, ['mcp_server_url']);
    expect(updated).toMatchObject({ mcpServerUrl, mcpHeaderNames: skill.mcpHeaderNames });
    expect(await stored(skill.id)).toEqual(mcpHeaders);
  });

  it('are replaced as a whole, and removed when named and left out', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    const replaced = await update({ id: skill.id, mcpHeaders: { 'X-New': '1' } }, ['mcp_headers']);
    expect(replaced.mcpHeaderNames).toEqual(['X-New']);
    expect(await stored(skill.id)).toEqual({ 'X-New': '1' });
    expect((await update({ id: skill.id }, ['mcp_headers'])).mcpHeaderNames).toEqual([]);
    expect(await stored(skill.id)).toEqual({});
  });

  it('are changed one by one, while the others stay without being sent', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    // Without a mask: as a client of gRPC that sets the field.
    const changed = (await skills().updateSkill({ skill: { id: skill.id, mcpHeaders: { 'x-extra': 'y' } } })).skill!;
    expect(changed).toMatchObject({ mcpHeaders: {}, mcpHeaderNames: ['Authorization', 'x-extra'] });
    expect(await stored(skill.id)).toEqual({ Authorization: 'Bearer sk-1', 'x-extra': 'y' });
    const given = { id: skill.id, mcpHeaders: { 'X-New': '1' } };
    const both = await update(given, ['mcp_headers.X-New', 'mcp_headers.authorization']);
    expect(both.mcpHeaderNames).toEqual(['X-New', 'x-extra']);
    expect(await stored(skill.id)).toEqual({ 'X-New': '1', 'x-extra': 'y' });
    await update({ id: skill.id }, ['mcp_headers.x-new', 'mcp_headers.X-Extra']);
    expect(await stored(skill.id)).toEqual({});
    await expect(update({ id: skill.id }, ['mcp_headers.x-new'])).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: 'skill.mcp_headers["x-new"]' }],
    });
  });

  it('that are kept beside a changed one do not follow the skill to another server', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    const moved = { id: skill.id, mcpServerUrl: 'https://evil.example.com/mcp', mcpHeaders: { 'X-Extra': 'y' } };
    await expect(skills().updateSkill({ skill: moved })).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [
        {
          field: 'skill.mcp_server_url',
          description: expect.stringContaining('mcp_headers too (Authorization)') as string,
        },
      ],
    });
    expect(await stored(skill.id)).toEqual(mcpHeaders);
    await update(moved, ['mcp_server_url', 'mcp_headers.X-Extra', 'mcp_headers.Authorization']);
    expect(await stored(skill.id, moved.mcpServerUrl)).toEqual({ 'X-Extra': 'y' });
  });

  it('are gone with the skill', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    await skills().deleteSkill({ skill: skill.id });
    expect(await stored(skill.id)).toEqual({});
  });

  it('do not follow the skill to another server', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    const elsewhere = 'https://mcp.example.com:8443/mcp';
    await expect(update({ id: skill.id, mcpServerUrl: elsewhere }, ['mcp_server_url'])).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [
        { field: 'skill.mcp_server_url', description: expect.stringContaining('send mcp_headers too') as string },
      ],
    });
    const both = ['mcp_server_url', 'mcp_headers'];
    await update({ id: skill.id, mcpServerUrl: elsewhere, mcpHeaders: { Authorization: 'Bearer sk-2' } }, both);
    expect(await stored(skill.id, elsewhere)).toEqual({ Authorization: 'Bearer sk-2' });
    await expect(stored(skill.id)).rejects.toMatchObject({ code: 'credential_of_another_server' });
  });

  it('are refused with all their problems and none of their values', async () => {
    const bad = { Host: 'a', Authorization: 'Bearer ${MCP_TOKEN}-sk-canary' };
    const error = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders: bad }).catch(
      (thrown) => thrown as AppError,
    );
    expect(error).toMatchObject({ kind: 'invalid_argument', code: 'invalid_request' });
    expect((error as AppError).fields.map(({ field }) => field)).toEqual([
      'skill.mcp_headers["Host"]',
      'skill.mcp_headers["Authorization"]',
    ]);
    expect(`${(error as AppError).message}${JSON.stringify(error)}`).not.toContain('sk-canary');
  });
});

describe('while token-service refuses', () => {
  it('no skill gets another credential', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    fixture.faults.tokenService = new AppError('unavailable', 'unavailable', 'away', { retryAfterSeconds: 1 });
    const unavailable = { kind: 'unavailable' };
    const name = fresh('skill');
    await expect(makeSkill(fixture, orgId, { name, mcpHeaders })).rejects.toMatchObject(unavailable);
    await expect(skills().getSkill({ skill: name })).rejects.toMatchObject({ kind: 'not_found' });
    const paths = ['description', 'mcp_headers'];
    await expect(update({ id: skill.id, description: 'new', mcpHeaders: { B: '1' } }, paths)).rejects.toMatchObject(
      unavailable,
    );
    expect((await skills().getSkill({ skill: skill.id })).skill).toEqual(skill);
    expect(await update({ id: skill.id, description: 'new' }, ['description'])).toMatchObject({ description: 'new' });
  });

  it('a skill is deleted, and its credential once token-service is back', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    fixture.faults.tokenService = new AppError('unavailable', 'unavailable', 'away');
    fixture.faults.isDeaf = true;
    await skills().deleteSkill({ skill: skill.id });
    await expect(skills().getSkill({ skill: skill.id })).rejects.toMatchObject({ kind: 'not_found' });
    delete fixture.faults.tokenService;
    expect(await stored(skill.id)).toEqual(mcpHeaders);
    fixture.passMs(60_000);
    await vi.waitFor(async () => expect(await stored(skill.id)).toEqual({}), 10_000);
  });

  it("our own lack of rights is not told as the caller's", async () => {
    fixture.faults.tokenService = new AppError('permission_denied', 'permission_denied', 'wrong secret');
    const attempt = makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    await expect(attempt).rejects.toMatchObject({
      kind: 'internal',
      message: expect.not.stringContaining('secret') as string,
    });
  });
});
