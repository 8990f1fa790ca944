import { decodeJwt } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UserPrincipal } from '../principal.ts';
import { createServiceIdentities } from './service-identities.ts';
import { createServiceIdentity } from './service-identity.ts';
import { generateServiceKey, parseServiceKey } from './service-key.ts';

const user: UserPrincipal = { kind: 'user', subject: 's', orgId: 'org_1', permissions: new Set(['b', 'a']) };
const { identityOf, authenticatorOf } = await createServiceIdentities();
const identity = identityOf('management-api');
const atDispatcher = authenticatorOf('dispatcher');
const newKey = async () => parseServiceKey(JSON.stringify((await generateServiceKey()).privateJwk));

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
    const key = await newKey();
    const fresh = createServiceIdentity({ service: 'management-api', key: async () => key });
    const first = await fresh.tokenFor('dispatcher', user);
    vi.setSystemTime(Date.now() + 44_000);
    await expect(fresh.tokenFor('dispatcher', { ...user, permissions: new Set(['a', 'b']) })).resolves.toBe(first);
    vi.setSystemTime(Date.now() + 1_000);
    const second = await fresh.tokenFor('dispatcher', user);
    expect(second).not.toBe(first);
    expect(decodeJwt(second).exp! - decodeJwt(second).iat!).toBe(60);
  });

  it('signs with its new key as soon as it has one', async () => {
    let key = await newKey();
    const changing = createServiceIdentity({ service: 'management-api', key: async () => key });
    const first = await changing.tokenFor('dispatcher');
    key = await newKey();
    await expect(changing.tokenFor('dispatcher')).resolves.not.toBe(first);
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

  it.each(['management-api', 'token-service', 'dispatcher'] as const)(
    'that took a token as %s cannot use it at another one',
    async (callee) => {
      const token = await identityOf('ingest').tokenFor(callee);
      for (const other of ['management-api', 'token-service', 'dispatcher'] as const) {
        const answer = authenticatorOf(other)(`Bearer ${token}`);
        if (other === callee) await expect(answer).resolves.toEqual({ kind: 'service', service: 'ingest' });
        else await expect(answer).rejects.toMatchObject({ kind: 'unauthenticated', code: 'token_invalid' });
      }
    },
  );
});
