import { createHmac } from 'node:crypto';
import {
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  UnsecuredJWT,
  type CryptoKey,
} from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createUserAuthenticator, type Authenticate } from '../src/index.ts';
import {
  AUDIENCE,
  claims,
  compact,
  compactSigned,
  ISSUER,
  nowSeconds,
  sign,
  signingKey,
  type SigningKey,
} from './fixture.ts';

let authenticate: Authenticate;
let rsa: SigningKey;
let ec: SigningKey;
let stranger: SigningKey;

beforeAll(async () => {
  [rsa, ec, stranger] = await Promise.all([signingKey('rsa'), signingKey('ec', 'ES256'), signingKey('rsa')]);
  // Not every issuer says for which algorithm a key is; then only our own list decides.
  const anyAlgorithm = { ...rsa.publicJwk };
  delete anyAlgorithm.alg;
  const keys = createLocalJWKSet({ keys: [anyAlgorithm, ec.publicJwk] });
  authenticate = createUserAuthenticator({ issuers: () => [ISSUER], audience: AUDIENCE, keys });
});

/** HMAC with what everyone knows: the issuer's public key. */
async function confused(secret: (key: SigningKey) => Promise<string>): Promise<string> {
  const input = compact({ alg: 'HS256', typ: 'JWT', kid: 'rsa' }, claims()).replace(/\.$/, '');
  const signature = createHmac('sha256', await secret(rsa))
    .update(input)
    .digest('base64url');
  return `${input}.${signature}`;
}

const pem = async (key: SigningKey) => exportSPKI((await importJWK(key.publicJwk, key.alg)) as CryptoKey);
const flip = (token: string, at: number) => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
const part = async (index: number) => (await sign(rsa)).split('.')[index]!;
const invalid = 'token_invalid';
const malformed = 'token_malformed';
const expired = 'token_expired';

const HOSTILE: Record<string, [make: () => string | Promise<string>, code: string]> = {
  'alg none': [() => new UnsecuredJWT(claims()).encode(), invalid],
  'alg none, spelled otherwise': [() => compact({ alg: 'nOnE', typ: 'JWT' }, claims()), invalid],
  'alg none with a signature': [async () => `${compact({ alg: 'none' }, claims())}${await part(2)}`, invalid],
  'no alg': [() => compactSigned(rsa, { alg: undefined }, claims()), malformed],
  'HS256 with the public key (PEM) as secret': [() => confused(pem), invalid],
  'HS256 with the public key (JWK) as secret': [() => confused(async (key) => JSON.stringify(key.publicJwk)), invalid],
  'HS256 with an empty secret': [() => confused(async () => ''), invalid],
  'RS256 by a key of the same id that is not the issuer’s': [() => sign(stranger), invalid],
  'RS512, not on our list': [() => compactSigned(rsa, { alg: 'RS512' }, claims(), 'RSA-SHA512'), invalid],
  'ES256 announced for the RSA key': [() => sign(ec, claims(), { kid: 'rsa' }), invalid],
  'an unknown kid': [() => sign(rsa, claims(), { kid: 'nobody' }), invalid],
  'an empty kid': [() => sign(rsa, claims(), { kid: '' }), invalid],
  'a kid that is a path': [() => sign(rsa, claims(), { kid: '../../dev/null' }), invalid],
  'a kid that is a list': [() => compactSigned(rsa, { kid: ['rsa'] }, claims()), invalid],
  'its own key in jwk': [() => sign(stranger, claims(), { kid: 'mine', jwk: stranger.publicJwk }), invalid],
  'its own keys in jku': [
    () => sign(stranger, claims(), { kid: 'mine', jku: 'https://evil.example/jwks.json' }),
    invalid,
  ],
  'its own certificate in x5u': [() => sign(stranger, claims(), { x5u: 'https://evil.example/cert.pem' }), invalid],
  'its own certificate in x5c': [() => sign(stranger, claims(), { x5c: ['AAAA'] }), invalid],
  'an extension it calls critical': [() => compactSigned(rsa, { crit: ['admin'], admin: true }, claims()), invalid],
  'an empty crit': [() => compactSigned(rsa, { crit: [] }, claims()), malformed],
  'unencoded payload (b64 false)': [() => compactSigned(rsa, { crit: ['b64'], b64: false }, claims()), malformed],
  'typ of an ID token': [() => sign(rsa, claims(), { typ: 'id_token+jwt' }), invalid],
  'typ of a logout token': [() => sign(rsa, claims(), { typ: 'logout+jwt' }), invalid],
  'typ of a security event': [() => sign(rsa, claims(), { typ: 'secevent+jwt' }), invalid],
  'no typ': [() => sign(rsa, claims(), { typ: undefined }), invalid],
  'an ID token of the issuer': [() => sign(rsa, claims({ aud: 'client', nonce: 'n' })), invalid],
  'an ID token that names our audience too': [
    () => sign(rsa, claims({ aud: ['client', AUDIENCE], at_hash: 'h' })),
    invalid,
  ],
  'no exp': [() => sign(rsa, claims({ exp: undefined })), invalid],
  'exp that is a text': [() => sign(rsa, claims({ exp: String(nowSeconds() + 60) })), invalid],
  'exp past': [() => sign(rsa, claims({ exp: nowSeconds() - 61 })), expired],
  'exp before all time': [() => sign(rsa, claims({ exp: -1e300 })), expired],
  'nbf in the future': [() => sign(rsa, claims({ nbf: nowSeconds() + 65 })), invalid],
  'iat in the future': [() => sign(rsa, claims({ iat: nowSeconds() + 65 })), invalid],
  'no aud': [() => sign(rsa, claims({ aud: undefined })), invalid],
  'another audience': [() => sign(rsa, claims({ aud: 'https://other.example.com' })), invalid],
  'other audiences': [() => sign(rsa, claims({ aud: ['a', 'b'] })), invalid],
  'the audience as part of another': [() => sign(rsa, claims({ aud: `${AUDIENCE}.evil.example` })), invalid],
  'no iss': [() => sign(rsa, claims({ iss: undefined })), invalid],
  'another issuer': [() => sign(rsa, claims({ iss: 'https://evil.example/' })), invalid],
  'the issuer without its slash': [() => sign(rsa, claims({ iss: ISSUER.slice(0, -1) })), invalid],
  'the issuer in upper case': [() => sign(rsa, claims({ iss: ISSUER.toUpperCase() })), invalid],
  'the issuer in a list': [() => sign(rsa, claims({ iss: [ISSUER] })), invalid],
  'the issuer of our services': [() => sign(rsa, claims({ iss: 'agent-platform' })), invalid],
  'no sub': [() => sign(rsa, claims({ sub: undefined })), invalid],
  'an empty sub': [() => sign(rsa, claims({ sub: '' })), invalid],
  'permissions that are a text': [() => sign(rsa, claims({ permissions: 'agents:read' })), invalid],
  'an org_id that is a list': [() => sign(rsa, claims({ org_id: ['org_1'] })), invalid],
  'an org_id with a line break': [() => sign(rsa, claims({ org_id: 'org_1\norg_2' })), invalid],
  'two parts': [async () => `${await part(0)}.${await part(1)}`, malformed],
  'three empty parts': [() => '..', malformed],
  'four parts': [async () => `${await sign(rsa)}.x`, malformed],
  'five parts (encrypted)': [async () => `${await part(0)}.....`.replace(/\.$/, ''), malformed],
  'an opaque token': [() => 'gh0q9w8e7r6t5y4u3i2o1p', malformed],
  '64 KB': [() => sign(rsa, claims({ filler: 'x'.repeat(65_536) })), malformed],
  'a payload that is a list': [() => compactSigned(rsa, {}, [claims()]), malformed],
  'a payload that is a text': [() => compactSigned(rsa, {}, 'admin'), malformed],
  'a header that is not JSON': [async () => `eyJ.${await part(1)}.${await part(2)}`, malformed],
  'no signature': [async () => `${await part(0)}.${await part(1)}.`, invalid],
  'one character of the payload changed': [async () => flip(await sign(rsa), (await part(0)).length + 20), invalid],
  'the signature of another token': [
    async () => `${await part(0)}.${await part(1)}.${(await sign(rsa, claims({ sub: 'x' }))).split('.')[2]}`,
    invalid,
  ],
};

describe('a hostile token is refused', () => {
  it.each(Object.entries(HOSTILE))('%s', async (_, [make, code]) => {
    const token = await make();
    const refusal = await authenticate(`Bearer ${token}`).then(
      (principal) => ({ accepted: principal }),
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ kind: 'unauthenticated', code });
    const { message } = refusal as Error;
    for (const piece of token.split('.').filter(({ length }) => length > 8)) expect(message).not.toContain(piece);
  });

  it('and the same token without the flaw is accepted, by each of the algorithms', async () => {
    const ps = await generateKeyPair('PS256', { extractable: true });
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(ps.publicKey)), kid: 'ps', alg: 'PS256' }] });
    const psAuthenticate = createUserAuthenticator({ issuers: () => [ISSUER], audience: AUDIENCE, keys });
    const psKey = { ...rsa, kid: 'ps', alg: 'PS256', privateKey: ps.privateKey };
    await expect(psAuthenticate(`Bearer ${await sign(psKey)}`)).resolves.toMatchObject({ kind: 'user' });
    for (const key of [rsa, ec]) {
      await expect(authenticate(`Bearer ${await sign(key)}`)).resolves.toMatchObject({ kind: 'user' });
    }
  });

  it('every change of one character of a valid token', async () => {
    const token = await sign(ec);
    // The last character of base64url carries bits that say nothing, so there are spellings of the same signature.
    for (let at = 0; at < token.length - 1; at += 1) {
      const changed = flip(token, at);
      await expect(authenticate(`Bearer ${changed}`), `position ${at}`).rejects.toMatchObject({
        kind: 'unauthenticated',
      });
    }
  });
});
