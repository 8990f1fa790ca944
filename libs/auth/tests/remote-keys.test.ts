import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOutbound, LOOPBACK_ADDRESSES, type Outbound } from '@agent-platform/outbound';
import { createLogger } from '@agent-platform/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRemoteKeys, createUserAuthenticator, type Authenticate, type RemoteKeys } from '../src/index.ts';
import { AUDIENCE, claims, ISSUER, nowSeconds, sign, signingKey, type SigningKey } from './fixture.ts';

const MINUTE_MS = 60_000;
const logger = createLogger({ level: 'silent', service: 'test' });
const [k1, k2] = await Promise.all([signingKey('k1'), signingKey('k2')]);

let server: Server;
let base: string;
let discovery: Record<string, unknown> | undefined;
let published: SigningKey[];
let answer: 'keys' | 'error' | 'redirect' | 'no keys' | 'nonsense' | 'not an object' | 'hang up';
let fetches: number;
let outbound: Outbound;
let remote: RemoteKeys;
let authenticate: Authenticate;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  [published, answer, fetches, discovery] = [[k1], 'keys', 0, undefined];
  server = createServer(({ url }, response) => {
    if (url!.endsWith('/.well-known/openid-configuration')) {
      response.writeHead(discovery ? 200 : 404).end(JSON.stringify(discovery ?? {}));
      return;
    }
    fetches += 1;
    if (answer === 'hang up') response.destroy();
    else if (answer === 'error') response.writeHead(500).end();
    else if (answer === 'redirect') response.writeHead(302, { location: '/other' }).end(JSON.stringify({ keys: [] }));
    else if (answer === 'not an object') response.end('null');
    else if (answer === 'nonsense') response.end('<html>');
    else response.end(JSON.stringify({ keys: answer === 'keys' ? published.map((key) => key.publicJwk) : [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  outbound = createOutbound({ allowedAddresses: LOOPBACK_ADDRESSES });
  remote = createRemoteKeys({ issuer: base, outbound, logger });
  authenticate = createUserAuthenticator({ issuers: () => [ISSUER], audience: AUDIENCE, keys: remote });
});

afterEach(async () => {
  vi.useRealTimers();
  await outbound[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const bearer = async (key: SigningKey) =>
  `Bearer ${await sign(key, claims({ iat: nowSeconds(), exp: nowSeconds() + 86_400 * 3 }))}`;
const call = async (key: SigningKey) => authenticate(await bearer(key));
/** Background refreshes are under way when a call returns. */
const settled = () => vi.waitFor(() => expect(fetches).toBeGreaterThan(0));

const accepted = { kind: 'user' };
const unavailable = { kind: 'unavailable', code: 'issuer_unavailable' };

describe('the keys of an issuer', () => {
  it('are fetched once for many callers', async () => {
    const calls = await Promise.all(Array.from({ length: 20 }, () => call(k1)));
    expect(calls).toHaveLength(20);
    expect(fetches).toBe(1);
  });

  it.each(['error', 'redirect', 'no keys', 'nonsense', 'not an object', 'hang up'] as const)(
    'keep working for a known key through an hour of an outage (%s), with a fetch each 30 s at most',
    async (outage) => {
      await call(k1);
      answer = outage;
      for (let second = 0; second < 3600; second += 10) {
        pass(10_000);
        await expect(call(k1)).resolves.toMatchObject(accepted);
      }
      await settled();
      expect(fetches).toBeGreaterThan(50);
      expect(fetches).toBeLessThanOrEqual(1 + 120);
    },
  );

  it('an outage is never a bad token: an unknown key is "unavailable", and asked for each 30 s at most', async () => {
    await call(k1);
    answer = 'error';
    pass(MINUTE_MS);
    for (let i = 0; i < 20; i++) {
      await expect(call(k2)).rejects.toMatchObject(unavailable);
    }
    expect(fetches).toBe(2);
    await expect(call(k2)).rejects.toMatchObject({ retryAfterSeconds: 30 });
  });

  it('are waited for at a cold start with the issuer down, and found within 30 s of its return', async () => {
    answer = 'hang up';
    await expect(call(k1)).rejects.toMatchObject(unavailable);
    await expect(remote.check()).rejects.toMatchObject(unavailable);
    answer = 'keys';
    pass(30_000);
    await expect(remote.check()).resolves.toBeUndefined();
    await expect(call(k1)).resolves.toMatchObject(accepted);
  });

  it('are asked for again when a new one appears', async () => {
    await call(k1);
    published = [k1, k2];
    pass(MINUTE_MS);
    await expect(call(k2)).resolves.toMatchObject(accepted);
    expect(fetches).toBe(2);
  });

  it('are asked for in bounds by a flood of made-up ones, which are refused or put off, and never make a new one bad', async () => {
    await call(k1);
    const answers = new Set<unknown>();
    for (let second = 0; second < 120; second++) {
      pass(1_000);
      const refused: unknown = await call({ ...k2, kid: `made-up-${second}` }).catch((error: unknown) => error);
      answers.add((refused as { code: string }).code);
    }
    expect(answers).toEqual(new Set(['token_invalid', 'issuer_unavailable']));
    expect(fetches).toBeLessThanOrEqual(1 + 5 + 12);

    published = [k1, k2];
    let waited = 0;
    for (; ; waited++) {
      const answer: unknown = await call(k2).catch((error: unknown) => error);
      if ((answer as { kind: string }).kind === 'user') break;
      expect(answer).toMatchObject({ ...unavailable, retryAfterSeconds: expect.any(Number) as number });
      await call({ ...k2, kid: `made-up-again-${waited}` }).catch(() => undefined);
      pass(1_000);
    }
    expect(waited).toBeLessThanOrEqual(10);
  });

  it('are refused within 10 minutes once the issuer no longer publishes them', async () => {
    await call(k1);
    published = [k2];
    pass(10 * MINUTE_MS + 1);
    await expect(call(k1)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('are not trusted for more than a day of an outage', async () => {
    await call(k1);
    answer = 'error';
    pass(24 * 60 * MINUTE_MS - 1);
    await expect(call(k1)).resolves.toMatchObject(accepted);
    pass(2 * MINUTE_MS);
    await expect(call(k1)).rejects.toMatchObject(unavailable);
    answer = 'keys';
    pass(MINUTE_MS);
    await expect(call(k1)).resolves.toMatchObject(accepted);
  });

  it('are not asked for at a private address, unless the operator allows it', async () => {
    await using strict = createOutbound({ allowedAddresses: [] });
    const keys = createRemoteKeys({ issuer: base, outbound: strict, logger });
    await expect(keys.check()).rejects.toMatchObject(unavailable);
    expect(fetches).toBe(0);
  });
});

describe('the discovery document of an issuer', () => {
  const keysOf = (issuer: string) => createRemoteKeys({ issuer, outbound, logger });

  it.each(['', '/', '/tenant', '/tenant/'])('says where its keys are and how it is spelled: %j', async (path) => {
    const spelled = path.includes('tenant') ? `${base}/tenant/` : `${base}/`;
    discovery = { issuer: spelled, jwks_uri: `${base}/keys` };
    const keys = keysOf(`${base}${path}`);
    await keys.check();
    expect(keys.issuers()).toEqual([spelled]);
    const accept = createUserAuthenticator({ issuers: () => keys.issuers(), audience: AUDIENCE, keys });
    const bearerOf = async (iss: string) => `Bearer ${await sign(k1, claims({ iss }))}`;
    await expect(accept(await bearerOf(spelled))).resolves.toMatchObject(accepted);
    await expect(accept(await bearerOf(spelled.replace(/\/$/, '')))).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('is not needed: then either spelling is accepted', async () => {
    const keys = keysOf(base);
    const accept = createUserAuthenticator({ issuers: () => keys.issuers(), audience: AUDIENCE, keys });
    for (const iss of [base, `${base}/`]) {
      await expect(accept(`Bearer ${await sign(k1, claims({ iss }))}`)).resolves.toMatchObject(accepted);
    }
  });

  it('of another issuer is a fault of the configuration, which readiness tells and callers are not blamed for', async () => {
    discovery = { issuer: 'https://other.example/', jwks_uri: `${base}/keys` };
    await expect(remote.check()).rejects.toMatchObject({
      code: 'issuer_mismatch',
      message: expect.stringContaining('https://other.example/') as string,
    });
    await expect(call(k1)).rejects.toMatchObject(unavailable);
    expect(fetches).toBe(0);
  });

  it('is not asked for by a token that claims to be of somebody else', async () => {
    const foreign = `Bearer ${await sign(k1, claims({ iss: 'https://other.example/' }))}`;
    await expect(authenticate(foreign)).rejects.toThrow(`this API expects "${ISSUER}"`);
    expect(fetches).toBe(0);
  });
});
