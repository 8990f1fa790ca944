import { createLocalJWKSet } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { AUDIENCE, claims, ISSUER, nowSeconds, sign, signingKey, type SigningKey } from '../tests/fixture.ts';
import type { Authenticate } from './principal.ts';
import { createUserAuthenticator } from './user-authenticator.ts';

let key: SigningKey;
let authenticate: Authenticate;

beforeAll(async () => {
  key = await signingKey('k1');
  const keys = createLocalJWKSet({ keys: [key.publicJwk] });
  authenticate = createUserAuthenticator({ issuers: () => [ISSUER], audience: AUDIENCE, keys });
});

const user = async (changes: Record<string, unknown>, header = {}) =>
  authenticate(`Bearer ${await sign(key, claims(changes), header)}`);

describe('a valid access token', () => {
  it('names subject, organization and permissions', async () => {
    await expect(user({})).resolves.toEqual({
      kind: 'user',
      subject: 'client@clients',
      orgId: 'org_1',
      permissions: new Set(['agents:read']),
    });
  });

  it('may carry its permissions as scope', async () => {
    await expect(user({ permissions: undefined, scope: 'runs:read  agents:write' })).resolves.toMatchObject({
      permissions: new Set(['runs:read', 'agents:write']),
    });
  });

  it('has no permissions when "permissions" is empty, whatever scope says', async () => {
    await expect(user({ permissions: [], scope: 'runs:read' })).resolves.toMatchObject({ permissions: new Set() });
  });

  it('may carry the RFC 9068 type, several audiences and neither scope nor permissions', async () => {
    const changes = { aud: [AUDIENCE, `${ISSUER}userinfo`], permissions: undefined };
    await expect(user(changes, { typ: 'at+jwt' })).resolves.toMatchObject({ permissions: new Set() });
    await expect(user(changes, { typ: 'application/AT+JWT' })).resolves.toMatchObject({ kind: 'user' });
  });

  it('is accepted with clocks a few seconds apart', async () => {
    const [past, future] = [nowSeconds() - 2, nowSeconds() + 3];
    await expect(user({ exp: past })).resolves.toMatchObject({ kind: 'user' });
    await expect(user({ nbf: future, iat: future })).resolves.toMatchObject({ kind: 'user' });
  });

  it('may stand after any spelling of the scheme', async () => {
    await expect(authenticate(`bearer  ${await sign(key)}`)).resolves.toMatchObject({ kind: 'user' });
  });
});

describe('a refusal', () => {
  it.each([
    [null, 'token_missing'],
    ['', 'token_missing'],
    ['Basic dXNlcjpwYXNz', 'token_malformed'],
    ['Bearer', 'token_malformed'],
    ['Bearer a.b.c, Bearer d.e.f', 'token_malformed'],
    ['Bearer a.b.c d', 'token_malformed'],
  ])('of the header %j has the code %s', async (header, code) => {
    await expect(authenticate(header)).rejects.toMatchObject({ kind: 'unauthenticated', code });
  });

  it('says which audience and issuer are expected, and when a token expired', async () => {
    await expect(user({ aud: 'x' })).rejects.toThrow(AUDIENCE);
    await expect(user({ iss: 'x' })).rejects.toThrow(ISSUER);
    await expect(user({ exp: 1_700_000_000 })).rejects.toThrow('2023-11-14T22:13:20.000Z');
    await expect(authenticate('Bearer opaque')).rejects.toThrow(`request one for the audience "${AUDIENCE}"`);
  });

  it('of a token of no organization is a missing permission, not a bad token', async () => {
    await expect(user({ org_id: undefined })).rejects.toMatchObject({
      kind: 'permission_denied',
      code: 'no_organization',
    });
  });

  it('is never blamed on the token when keys fail', async () => {
    const broken = createUserAuthenticator({
      issuers: () => [ISSUER],
      audience: AUDIENCE,
      keys: createLocalJWKSet({ keys: [{ ...key.publicJwk, n: '' }] }),
    });
    await expect(broken(`Bearer ${await sign(key)}`)).rejects.not.toMatchObject({ kind: 'unauthenticated' });
  });
});
