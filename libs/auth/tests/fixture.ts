import { createSign, KeyObject } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export const ISSUER = 'https://tenant.example.auth0.com/';
export const AUDIENCE = 'https://agent-platform.example.com';

/** A key pair an issuer could have, and signs with. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function signingKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export const nowSeconds = () => Math.floor(Date.now() / 1000);

/** What Auth0 puts into a client_credentials token. `undefined` takes a claim away. */
export function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: ISSUER,
    sub: 'client@clients',
    aud: AUDIENCE,
    azp: 'client',
    gty: 'client-credentials',
    org_id: 'org_1',
    iat: nowSeconds() - 10,
    exp: nowSeconds() + 3600,
    permissions: ['agents:read'],
    ...changes,
  };
}

export async function sign(key: SigningKey, payload = claims(), header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey);
}

/** A token put together by hand, for what a library refuses to make. */
export function compact(header: unknown, payload: unknown, signature = ''): string {
  return [JSON.stringify(header), JSON.stringify(payload), signature]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
}

/** The same with a signature that is right, by an RSA key. */
export function compactSigned(key: SigningKey, header: object, payload: unknown, hash = 'RSA-SHA256'): string {
  const input = compact({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header }, payload).slice(0, -1);
  return `${input}.${createSign(hash).update(input).sign(KeyObject.from(key.privateKey), 'base64url')}`;
}
