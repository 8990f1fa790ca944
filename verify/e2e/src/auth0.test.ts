import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Platform, readPlatformConfig } from '@agent-platform/platform';
import { expect, it } from 'vitest';
import { temporaryDataDir } from './fixture.ts';

const AUDIENCE = 'https://agent-platform.example.com';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Answers as an Auth0 tenant with an ordinary API: discovery, keys, and client_credentials tokens of no organization. */
async function startTenant() {
  const server = createServer(({ url }, response) => {
    const answers: Record<string, () => unknown> = {
      '/.well-known/openid-configuration': () => ({ issuer, jwks_uri: `${issuer}.well-known/jwks.json` }),
      '/.well-known/jwks.json': () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' }] }),
    };
    response.end(JSON.stringify(answers[url!]?.()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    issuer,
    token(granted: object): string {
      const now = Math.floor(Date.now() / 1000);
      const times = { iat: now + 10, exp: now + 86_400 };
      const claims = {
        iss: issuer,
        sub: 'abc@clients',
        aud: AUDIENCE,
        ...times,
        gty: 'client-credentials',
        azp: 'abc',
      };
      const input = [
        { alg: 'RS256', typ: 'JWT', kid: 'k1' },
        { ...claims, ...granted },
      ]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      return `${input}.${createSign('RSA-SHA256').update(input).sign(privateKey, 'base64url')}`;
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function startPlatform(issuer: string) {
  await using stack = new AsyncDisposableStack();
  const dataDir = stack.use(await temporaryDataDir());
  const own = { PORT: '0', DATA_DIR: dataDir.path, LOG_LEVEL: 'fatal' };
  const auth = { AUTH_ISSUER: issuer, AUTH_AUDIENCE: AUDIENCE, AUTH_ALLOWED_ADDRESSES: '127.0.0.0/8' };
  const { url } = stack.use(await Platform.create(readPlatformConfig({ ...own, ...auth })));
  const owned = stack.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

it('an ordinary Auth0 tenant can use the platform', async () => {
  await using tenant = await startTenant();
  await using platform = await startPlatform(tenant.issuer);
  const list = (token: string) =>
    fetch(`${platform.url}/api/v1/agents`, { headers: { authorization: `Bearer ${token}` } });

  const answer = await list(tenant.token({ permissions: ['agents:read'] }));
  expect([answer.status, await answer.json()]).toEqual([200, { agents: [], next_page_token: '' }]);
  expect((await list(tenant.token({ scope: 'agents:read' }))).status).toBe(200);

  const ungranted = await list(tenant.token({}));
  expect([ungranted.status, ungranted.headers.get('www-authenticate')]).toEqual([
    403,
    'Bearer error="insufficient_scope"',
  ]);
  const { detail } = (await ungranted.json()) as { detail: string };
  expect(detail).toMatch(/"agents:read".*RBAC.*AUTH_DEFAULT_PERMISSIONS/);
  expect((await fetch(`${platform.url}/readyz`)).status).toBe(200);
});

it('a wrong issuer is told by readiness', async () => {
  await using tenant = await startTenant();
  await using platform = await startPlatform(tenant.issuer.replace('127.0.0.1', 'localhost'));
  const answer = await fetch(`${platform.url}/readyz`);
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('issuer') as string]);
});
