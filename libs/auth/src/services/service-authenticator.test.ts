import { importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createServiceAuthenticator } from './service-authenticator.ts';
import { createServiceIdentity } from './service-identity.ts';
import { generateServiceKey, parseServiceKey } from './service-key.ts';
import { readServicePublicKeys } from './service-public-keys.ts';

const pairs = {
  ingest: await generateServiceKey(),
  'management-api': await generateServiceKey(),
  dispatcher: await generateServiceKey(),
};
const stranger = await generateServiceKey();
const sets = Object.fromEntries(Object.entries(pairs).map(([name, { publicJwk }]) => [name, { keys: [publicJwk] }]));
const publicKeys = await readServicePublicKeys(JSON.stringify(sets));
const at = (service: 'dispatcher' | 'management-api' | 'token-service') =>
  createServiceAuthenticator({ service, keys: async () => publicKeys });

const now = Math.floor(Date.now() / 1000);
const user = { sub: 's', org_id: 'org_1', permissions: ['runs:read'] };
const good = { iss: 'agent-platform', sub: 'management-api', aud: 'dispatcher', iat: now, exp: now + 60 };

async function token(changes: object, header: object = {}, pair = pairs['management-api']): Promise<string> {
  return new SignJWT({ ...good, ...changes })
    .setProtectedHeader({ alg: 'Ed25519', typ: 'service+jwt', kid: pair.publicJwk.kid!, ...header })
    .sign(await importJWK(pair.privateJwk, 'Ed25519'));
}
const byIngest = (changes: object, header: object = {}) => token({ sub: 'ingest', ...changes }, header, pairs.ingest);

describe('a service token is refused', () => {
  it.each<[string, () => Promise<string>, string]>([
    ['made for another service', () => token({ aud: 'token-service' }), 'token_invalid'],
    ['signed by a stranger', () => token({}, {}, stranger), 'token_invalid'],
    [
      'signed by a stranger who names a known key',
      () => token({}, { kid: pairs['management-api'].publicJwk.kid }, stranger),
      'token_invalid',
    ],
    ['that names no key', () => token({}, { kid: undefined }), 'token_invalid'],
    ['of a service nobody knows', () => token({ sub: 'payroll' }), 'token_invalid'],
    ['of another issuer', () => token({ iss: 'https://tenant.example.auth0.com/' }), 'token_invalid'],
    ['of another type', () => token({}, { typ: 'JWT' }), 'token_invalid'],
    ['of the older name of the algorithm', () => token({}, { alg: 'EdDSA' }), 'token_invalid'],
    [
      'signed with a public key as a shared secret',
      () =>
        new SignJWT(good)
          .setProtectedHeader({ alg: 'HS256', typ: 'service+jwt', kid: pairs['management-api'].publicJwk.kid! })
          .sign(Buffer.from(pairs['management-api'].publicJwk.x!, 'base64url')),
      'token_invalid',
    ],
    ['not signed at all', async () => new UnsecuredJWT(good).encode(), 'token_invalid'],
    ['that has ended', () => token({ iat: now - 70, exp: now - 10 }), 'token_expired'],
    ['that never ends', () => token({ exp: undefined }), 'token_invalid'],
    ['that was to live longer than a minute', () => token({ iat: now - 70, exp: now + 600 }), 'token_expired'],
    ['with a user who is no object', () => token({ user: 'admin' }), 'token_invalid'],
    ['with a user without subject', () => token({ user: { org_id: 'org_1' } }), 'token_invalid'],
    ['of ingest that claims to be management-api', () => byIngest({ sub: 'management-api' }), 'token_invalid'],
    ['of ingest that claims to be the dispatcher', () => byIngest({ sub: 'dispatcher' }), 'token_invalid'],
    ['of ingest for a user', () => byIngest({ user }), 'token_invalid'],
    ['of ingest as management-api for a user', () => byIngest({ sub: 'management-api', user }), 'token_invalid'],
    [
      'of ingest that names the key of management-api',
      () => byIngest({ sub: 'management-api' }, { kid: pairs['management-api'].publicJwk.kid }),
      'token_invalid',
    ],
  ])('%s', async (_, make, code) => {
    const answer = at('dispatcher')(`Bearer ${await make()}`);
    await expect(answer).rejects.toMatchObject({ kind: 'unauthenticated', code });
  });

  it('but not the one these are made of', async () => {
    const answer = at('dispatcher')(`Bearer ${await token({})}`);
    await expect(answer).resolves.toEqual({ kind: 'service', service: 'management-api' });
  });

  it.each([
    ['ingest', 'management-api'],
    ['ingest', 'token-service'],
    ['dispatcher', 'management-api'],
    ['dispatcher', 'token-service'],
    ['management-api', 'token-service'],
  ] as const)('of %s for a user, at %s', async (sub, aud) => {
    const forUser = `Bearer ${await token({ sub, aud, user }, {}, pairs[sub])}`;
    await expect(at(aud)(forUser)).rejects.toMatchObject({ code: 'token_invalid' });
    const forItself = `Bearer ${await token({ sub, aud }, {}, pairs[sub])}`;
    await expect(at(aud)(forItself)).resolves.toEqual({ kind: 'service', service: sub });
  });
});

describe('while a key is changed', () => {
  it('the old and the new one are both good; then the old one is not, also for a token that was taken before', async () => {
    const [before, after] = [await generateServiceKey(), await generateServiceKey()];
    const keysOf = (...live: (typeof before)[]) =>
      readServicePublicKeys(JSON.stringify({ ingest: { keys: live.map(({ publicJwk }) => publicJwk) } }));
    let published = await keysOf(before);
    const authenticate = createServiceAuthenticator({ service: 'token-service', keys: async () => published });
    const shown = async ({ privateJwk }: typeof before) => {
      const key = await parseServiceKey(JSON.stringify(privateJwk));
      return `Bearer ${await createServiceIdentity({ service: 'ingest', key: async () => key }).tokenFor('token-service')}`;
    };
    const [old, fresh] = [await shown(before), await shown(after)];
    await authenticate(old);
    await expect(authenticate(fresh)).rejects.toMatchObject({ code: 'token_invalid' });
    published = await keysOf(before, after);
    for (const one of [old, fresh, old]) await expect(authenticate(one)).resolves.toMatchObject({ service: 'ingest' });
    published = await keysOf(after);
    await expect(authenticate(old)).rejects.toMatchObject({ kind: 'unauthenticated', code: 'token_invalid' });
    await expect(authenticate(fresh)).resolves.toMatchObject({ service: 'ingest' });
  });
});
