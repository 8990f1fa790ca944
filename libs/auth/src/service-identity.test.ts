import { decodeJwt, SignJWT } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UserPrincipal } from './principal.ts';
import { createServiceAuthenticator } from './service-authenticator.ts';
import { createServiceIdentity } from './service-identity.ts';

const secret = new Uint8Array(32).fill(7);
const user: UserPrincipal = { kind: 'user', subject: 's', orgId: 'org_1', permissions: new Set(['b', 'a']) };
const identity = createServiceIdentity({ service: 'management-api', secret });
const atDispatcher = createServiceAuthenticator({ service: 'dispatcher', secret });

afterEach(() => vi.useRealTimers());

describe('a service', () => {
  it('is known to the service it calls', async () => {
    const token = await identity.tokenFor('dispatcher');
    await expect(atDispatcher(`Bearer ${token}`)).resolves.toEqual({ kind: 'service', service: 'management-api' });
  });

  it('calls for a user, who keeps tenant and permissions', async () => {
    const token = await identity.tokenFor('dispatcher', user);
    await expect(atDispatcher(`Bearer ${token}`)).resolves.toEqual(user);
  });

  it('is not known any more when its token ends, however often it was shown before', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const token = await identity.tokenFor('dispatcher');
    await atDispatcher(`Bearer ${token}`);
    vi.setSystemTime(decodeJwt(token).exp! * 1000 - 1);
    await atDispatcher(`Bearer ${token}`);
    vi.setSystemTime((decodeJwt(token).exp! + 10) * 1000);
    await expect(atDispatcher(`Bearer ${token}`)).rejects.toMatchObject({ kind: 'unauthenticated' });
    await expect(atDispatcher(`Bearer ${token.slice(0, -2)}xx`)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  it('shows the same token until 15 s before its end, however the user was made', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const fresh = createServiceIdentity({ service: 'management-api', secret });
    const first = await fresh.tokenFor('dispatcher', user);
    vi.setSystemTime(Date.now() + 44_000);
    await expect(fresh.tokenFor('dispatcher', { ...user, permissions: new Set(['a', 'b']) })).resolves.toBe(first);
    vi.setSystemTime(Date.now() + 1_000);
    const second = await fresh.tokenFor('dispatcher', user);
    expect(second).not.toBe(first);
    expect(decodeJwt(second).exp! - decodeJwt(second).iat!).toBe(60);
  });

  it.each([
    ['another callee', 'token-service', user],
    ['no user', 'dispatcher', undefined],
    ['another subject', 'dispatcher', { ...user, subject: 't' }],
    ['another tenant', 'dispatcher', { ...user, orgId: 'org_2' }],
    ['fewer permissions', 'dispatcher', { ...user, permissions: new Set(['a']) }],
  ] as const)('never shows a token to or for %s', async (_, callee, onBehalfOf) => {
    const own = await identity.tokenFor('dispatcher', user);
    await expect(identity.tokenFor(callee, onBehalfOf)).resolves.not.toBe(own);
  });

  it('needs a secret that cannot be guessed', () => {
    const short = { service: 'ingest', secret: new Uint8Array(31) } as const;
    expect(() => createServiceIdentity(short)).toThrow('at least 32');
    expect(() => createServiceAuthenticator(short)).toThrow('at least 32');
  });
});

describe('a service token is refused', () => {
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: 'agent-platform', sub: 'management-api', aud: 'dispatcher', iat: now, exp: now + 60 };
  const token = (changes: object, header = {}, key = secret) =>
    new SignJWT({ ...good, ...changes }).setProtectedHeader({ alg: 'HS256', typ: 'service+jwt', ...header }).sign(key);

  it.each<[string, () => Promise<string>, string]>([
    ['made for another service', () => token({ aud: 'token-service' }), 'token_invalid'],
    ['made by a stranger', () => token({}, {}, new Uint8Array(32).fill(8)), 'token_invalid'],
    ['of a service nobody knows', () => token({ sub: 'payroll' }), 'token_invalid'],
    ['of another issuer', () => token({ iss: 'https://tenant.example.auth0.com/' }), 'token_invalid'],
    ['of another type', () => token({}, { typ: 'JWT' }), 'token_invalid'],
    ['of another algorithm', () => token({}, { alg: 'HS512' }), 'token_invalid'],
    ['that has ended', () => token({ iat: now - 70, exp: now - 10 }), 'token_expired'],
    ['that never ends', () => token({ exp: undefined }), 'token_invalid'],
    ['that was to live longer than a minute', () => token({ iat: now - 70, exp: now + 600 }), 'token_expired'],
    [
      'with a user, of a service that may not call for one',
      () => token({ sub: 'ingest', user: { sub: 's', org_id: 'org_1' } }),
      'token_invalid',
    ],
    ['with a user who is no object', () => token({ user: 'admin' }), 'token_invalid'],
    ['with a user without subject', () => token({ user: { org_id: 'org_1' } }), 'token_invalid'],
  ])('%s', async (_, make, code) => {
    await expect(atDispatcher(`Bearer ${await make()}`)).rejects.toMatchObject({ kind: 'unauthenticated', code });
  });

  it('but not the one these are made of', async () => {
    await expect(atDispatcher(`Bearer ${await token({})}`)).resolves.toMatchObject({ kind: 'service' });
  });
});
