import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK_ADDRESSES } from '@agent-platform/outbound';
import { readEnv } from '@agent-platform/config';
import { createLogger } from '@agent-platform/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authConfigOf, authVariables, createAccessTokens, type UserPrincipal } from '../src/index.ts';
import { AUDIENCE, claims, nowSeconds, sign, signingKey, type SigningKey } from './fixture.ts';

const logger = createLogger({ level: 'silent', service: 'test' });
const [rs256, ps256] = await Promise.all([signingKey('rs', 'RS256'), signingKey('ps', 'PS256')]);

/** As an Auth0 tenant answers, and the same under a custom domain. */
let server: Server;
let domain: string;
const published = [rs256, ps256];

beforeAll(async () => {
  server = createServer(({ url }, response) => {
    const isDiscovery = url === '/.well-known/openid-configuration';
    const document = { issuer: `${domain}/`, jwks_uri: `${domain}/.well-known/jwks.json` };
    const body = isDiscovery ? document : { keys: published.map(({ publicJwk }) => publicJwk) };
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  domain = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** What `curl …/oauth/token` yields: no organization, and permissions only if the API has RBAC. */
const plain = () => ({
  ...claims(),
  iss: `${domain}/`,
  sub: 'abc123@clients',
  azp: 'abc123',
  gty: 'client-credentials',
  org_id: undefined,
  permissions: undefined,
});

async function user(
  changes: Record<string, unknown>,
  o: { env?: Record<string, string>; key?: SigningKey; slash?: boolean } = {},
): Promise<UserPrincipal> {
  const values = readEnv({ AUTH_ALLOWED_ADDRESSES: LOOPBACK_ADDRESSES.join(','), ...o.env }, authVariables);
  const config = authConfigOf(`${domain}${o.slash === false ? '' : '/'}`, AUDIENCE, values);
  await using tokens = createAccessTokens(config, { logger });
  const token = await sign(o.key ?? rs256, { ...plain(), ...changes });
  return (await tokens.authenticate(`Bearer ${token}`)) as UserPrincipal;
}

describe('a token as Auth0 issues it', () => {
  it('to a machine belongs to the default organization, with the permissions it was granted', async () => {
    await expect(user({ permissions: ['agents:read'] })).resolves.toMatchObject({
      subject: 'abc123@clients',
      orgId: 'default',
      permissions: new Set(['agents:read']),
    });
    await expect(user({ scope: 'agents:read runs:read' })).resolves.toMatchObject({
      orgId: 'default',
      permissions: new Set(['agents:read', 'runs:read']),
    });
  });

  it('without RBAC may do what AUTH_DEFAULT_PERMISSIONS says, and nothing by default', async () => {
    await expect(user({})).resolves.toMatchObject({ permissions: new Set() });
    const some = { AUTH_DEFAULT_PERMISSIONS: 'agents:read, runs:read' };
    await expect(user({}, { env: some })).resolves.toMatchObject({
      permissions: new Set(['agents:read', 'runs:read']),
    });
    const { permissions } = await user({}, { env: { AUTH_DEFAULT_PERMISSIONS: 'all' } });
    expect([...permissions]).toEqual(expect.arrayContaining(['agents:write', 'webhook-sources:write']));
  });

  it.each([{ permissions: [] }, { scope: '' }, { scope: 'openid' }])(
    'that carries %j gets no default',
    async (carried) => {
      const { permissions } = await user(carried, { env: { AUTH_DEFAULT_PERMISSIONS: 'all' } });
      expect([...permissions]).not.toContain('agents:read');
    },
  );

  it('for an organization belongs to it, and can never name the default one', async () => {
    await expect(user({ org_id: 'org_abc' })).resolves.toMatchObject({ orgId: 'org_abc' });
    await expect(user({ org_id: 'default' })).rejects.toMatchObject({
      kind: 'permission_denied',
      code: 'organization_reserved',
    });
    const env = { AUTH_DEFAULT_ORG: 'acme' };
    await expect(user({}, { env })).resolves.toMatchObject({ orgId: 'acme' });
    await expect(user({ org_id: 'acme' }, { env })).rejects.toMatchObject({ code: 'organization_reserved' });
    await expect(user({ org_id: 'default' }, { env })).resolves.toMatchObject({ orgId: 'default' });
  });

  it('without an organization is refused when AUTH_DEFAULT_ORG is empty', async () => {
    await expect(user({}, { env: { AUTH_DEFAULT_ORG: '' } })).rejects.toMatchObject({
      kind: 'permission_denied',
      code: 'no_organization',
      message: expect.stringContaining('AUTH_DEFAULT_ORG') as string,
    });
  });

  it('may be for the userinfo endpoint as well, be signed with PS256, and be a little ahead of our clock', async () => {
    await expect(user({ aud: [AUDIENCE, `${domain}/userinfo`] })).resolves.toMatchObject({ kind: 'user' });
    await expect(user({}, { key: ps256 })).resolves.toMatchObject({ kind: 'user' });
    await expect(user({ iat: nowSeconds() + 50 })).resolves.toMatchObject({ kind: 'user' });
    await expect(user({ iat: nowSeconds() + 70 })).rejects.toMatchObject({ code: 'token_invalid' });
    const env = { AUTH_CLOCK_TOLERANCE: '5m' };
    await expect(user({ iat: nowSeconds() + 70, exp: nowSeconds() - 70 }, { env })).resolves.toMatchObject({
      kind: 'user',
    });
  });

  it('is accepted whether the issuer was configured with or without its final slash', async () => {
    await expect(user({}, { slash: false })).resolves.toMatchObject({ kind: 'user' });
    await expect(user({ iss: domain }, { slash: true })).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('is accepted under a new key from its first use', async () => {
    const next = await signingKey('next');
    const values = readEnv({ AUTH_ALLOWED_ADDRESSES: LOOPBACK_ADDRESSES.join(',') }, authVariables);
    await using tokens = createAccessTokens(authConfigOf(domain, AUDIENCE, values), { logger });
    await tokens.check();
    published.push(next);
    const token = await sign(next, plain());
    await expect(tokens.authenticate(`Bearer ${token}`)).resolves.toMatchObject({ kind: 'user' });
  });
});

it('refuses a default permission that nothing asks for, naming those there are', () => {
  expect(() => readEnv({ AUTH_DEFAULT_PERMISSIONS: 'agents:raed' }, authVariables)).toThrow('agents:read');
});
