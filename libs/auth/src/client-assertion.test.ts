import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { readClientKey, signClientAssertion } from './index.ts';

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OPTIONS = { clientId: 'platform', audience: 'https://issuer.example/', privateKey: pem(rsa.privateKey) };

describe('a client assertion', () => {
  it.each([
    ['RS256', rsa],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ])('is signed by %s as its key demands, for one issuer and a minute', async (alg, { privateKey, publicKey }) => {
    const assertion = await signClientAssertion({ ...OPTIONS, privateKey: pem(privateKey) });
    const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, { audience: OPTIONS.audience });
    expect(protectedHeader).toEqual({ alg });
    expect(payload).toMatchObject({ iss: 'platform', sub: 'platform', aud: OPTIONS.audience });
    expect(payload.exp! - payload.iat!).toBe(60);
  });

  it('is made once: each has an id of its own', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await jwtVerify(await signClientAssertion(OPTIONS), rsa.publicKey)).payload.jti),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('is signed as the server wants it, or not at all', async () => {
    const signed = await signClientAssertion({ ...OPTIONS, algorithms: ['ES256', 'PS256'] });
    expect(decodeProtectedHeader(signed).alg).toBe('PS256');
    for (const algorithms of [[], ['ES256'], ['none', 'HS256']]) {
      await expect(signClientAssertion({ ...OPTIONS, algorithms })).rejects.toMatchObject({
        code: 'client_key_invalid',
      });
    }
  });

  it.each([
    ['no PEM', 'secret-canary'],
    ['a public key', rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string],
    ['broken PEM', OPTIONS.privateKey.replace('M', '!')],
    ['a short RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)],
    ['a key for agreement', pem(generateKeyPairSync('x25519').privateKey)],
    ['another curve', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey)],
  ])('is not made with %s, and the error does not quote it', (_, privateKey) => {
    const refused = () => readClientKey(privateKey);
    expect(refused).toThrow(expect.objectContaining({ code: 'client_key_invalid' }));
    expect(refused).toThrow(expect.not.objectContaining({ cause: expect.anything() as unknown }));
    expect(refused).not.toThrow('canary');
  });
});
