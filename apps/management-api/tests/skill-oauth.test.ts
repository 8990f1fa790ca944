import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialService, SkillService } from '@agent-platform/proto';
import type { AppError } from '@agent-platform/errors';
import { createFixture, type Fixture } from './fixture.ts';
import { fresh, makeSkill } from './resources.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const orgId = 'org_a';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const shown = { issuer: 'https://issuer.example/tenant/', clientId: 'platform', scopes: ['tools:call', 'tools:list'] };
const mcpOauth = { ...shown, clientSecret: 'canary-secret' };

const skills = () => fixture.as(orgId, SkillService);
const stored = (skillId: string) =>
  fixture
    .asService('dispatcher', 'token-service', CredentialService)
    .resolveCredential({ orgId, skillId, origin: 'https://mcp.example.com' });

async function update(skill: Record<string, unknown>, paths: string[]) {
  return (await skills().updateSkill({ skill, updateMask: { paths } })).skill!;
}

describe('the OAuth client of a skill', () => {
  it('is answered without its secret, which token-service keeps', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth, mcpHeaders: { 'X-Tenant': 'a' } });
    expect(skill.mcpOauth).toMatchObject({ ...shown, clientSecret: '', privateKey: '' });
    expect((await skills().getSkill({ skill: skill.name })).skill).toEqual(skill);
    expect(await stored(skill.id)).toMatchObject({
      headers: { 'X-Tenant': 'a' },
      oauthClient: { ...shown, authentication: { case: 'clientSecret', value: 'canary-secret' } },
    });
    expect(await fixture.dump()).not.toContain('canary-secret');
  });

  it('may have a private key in place of a secret', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth: { ...shown, privateKey: pem } });
    expect(skill.mcpOauth).toMatchObject({ clientSecret: '', privateKey: '' });
    expect((await stored(skill.id)).oauthClient!.authentication).toEqual({ case: 'privateKey', value: pem });
  });

  it('survives an update that does not name it', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth });
    const mcpServerUrl = 'https://mcp.example.com/other-path';
    const updated = await update({ id: skill.id, mcpServerUrl, mcpOauth: { ...mcpOauth, clientId: 'x' } }, [
      'mcp_server_url',
    ]);
    expect(updated.mcpOauth).toEqual(skill.mcpOauth);
    expect((await stored(skill.id)).oauthClient).toMatchObject(shown);
  });

  it('keeps its secret when it is written back as it was read', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth });
    const before = await stored(skill.id);
    const { skill: read } = await skills().getSkill({ skill: skill.id });
    const everything = ['id', 'name', 'description', 'mcp_header_names', 'created_at', 'updated_at', 'mcp_oauth'];
    const updated = await update({ ...read!, description: 'new' }, everything);
    expect(updated).toEqual({ ...read!, description: 'new', updatedAt: updated.updatedAt });
    expect(await stored(skill.id)).toEqual(before);
    const other = { ...read!, mcpOauth: { ...read!.mcpOauth!, clientId: 'other' } };
    await expect(update(other, ['mcp_oauth'])).rejects.toMatchObject({ kind: 'invalid_argument' });
  });

  it('is replaced as a whole, and removed when named and left out', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth });
    const other = { issuer: 'https://other.example', clientId: 'other', privateKey: pem };
    expect((await update({ id: skill.id, mcpOauth: other }, ['mcp_oauth'])).mcpOauth).toMatchObject({ scopes: [] });
    expect((await stored(skill.id)).oauthClient).toMatchObject({ issuer: other.issuer, clientId: 'other', scopes: [] });
    expect((await update({ id: skill.id }, ['mcp_oauth'])).mcpOauth).toBeUndefined();
    expect((await stored(skill.id)).oauthClient).toBeUndefined();
  });

  it('is gone with the skill', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth });
    await skills().deleteSkill({ skill: skill.id });
    expect((await stored(skill.id)).oauthClient).toBeUndefined();
  });

  it('does not move to another issuer or server without its secret being sent again', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth });
    const elsewhere = 'https://evil.example/mcp';
    for (const [change, paths, field] of [
      [{ mcpOauth: { ...shown, issuer: 'https://evil.example/' } }, ['mcp_oauth'], 'skill.mcp_oauth'],
      [{ mcpServerUrl: elsewhere, mcpOauth: shown }, ['mcp_server_url', 'mcp_oauth'], 'skill.mcp_server_url'],
      [{ mcpServerUrl: elsewhere }, ['mcp_server_url'], 'skill.mcp_server_url'],
      [{ mcpServerUrl: elsewhere, mcpHeaders: { A: 'b' } }, ['mcp_server_url', 'mcp_headers'], 'skill.mcp_server_url'],
    ] as const) {
      await expect(update({ id: skill.id, ...change }, [...paths])).rejects.toMatchObject({
        kind: 'invalid_argument',
        fields: [{ field }],
      });
    }
    expect((await stored(skill.id)).oauthClient).toMatchObject(shown);
    await update({ id: skill.id, mcpServerUrl: elsewhere, mcpOauth }, ['mcp_server_url', 'mcp_oauth']);
    expect((await skills().getSkill({ skill: skill.id })).skill!.mcpServerUrl).toBe(elsewhere);
  });

  it.each([
    ['http://issuer.example/', 'skill.mcp_oauth.issuer'],
    ['https://169.254.169.254/', 'skill.mcp_oauth.issuer'],
    ['https://user:pass@issuer.example/', 'skill.mcp_oauth.issuer'],
    ['https://issuer.example/?tenant=1', 'skill.mcp_oauth.issuer'],
  ])('is not of the issuer %s', async (issuer, field) => {
    const attempt = makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth: { ...mcpOauth, issuer } });
    await expect(attempt).rejects.toMatchObject({ kind: 'invalid_argument', fields: [{ field }] });
  });

  it.each([
    ['neither a secret nor a key', {}],
    ['both a secret and a key', { clientSecret: 'canary', privateKey: pem }],
    ['a key that is none', { privateKey: 'canary' }],
    ['a variable that was not expanded', { clientSecret: 'canary-${SECRET}' }],
  ])('does not have %s, and the answer quotes no secret', async (_, secrets) => {
    const attempt = makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth: { ...shown, ...secrets } });
    const error = await attempt.catch((thrown) => thrown as AppError);
    expect(error).toMatchObject({ kind: 'invalid_argument', code: 'invalid_request' });
    expect(`${(error as AppError).message}${JSON.stringify(error)}`).not.toContain('canary');
  });

  it('does not share Authorization with a header, whichever comes first', async () => {
    const mcpHeaders = { authorization: 'Bearer sk-1' };
    const refused = { kind: 'invalid_argument', fields: [{ field: 'skill.mcp_oauth' }] };
    await expect(makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth, mcpHeaders })).rejects.toMatchObject(
      refused,
    );
    const withHeader = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpHeaders });
    await expect(update({ id: withHeader.id, mcpOauth }, ['mcp_oauth'])).rejects.toMatchObject(refused);
    const withClient = await makeSkill(fixture, orgId, { name: fresh('skill'), mcpOauth });
    await expect(update({ id: withClient.id, mcpHeaders }, ['mcp_headers'])).rejects.toMatchObject(refused);
    await update({ id: withHeader.id, mcpOauth }, ['mcp_oauth', 'mcp_headers']);
    expect(await stored(withHeader.id)).toMatchObject({ headers: {}, oauthClient: shown });
  });
});
