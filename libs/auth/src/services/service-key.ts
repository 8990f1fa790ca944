import { AppError } from '@agent-platform/errors';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';

/** https://www.rfc-editor.org/rfc/rfc9864#section-2.2 */
export const SERVICE_KEY_ALGORITHM = 'Ed25519';

/** What a service signs with. */
export interface ServiceKey {
  /** The thumbprint of the public half (https://www.rfc-editor.org/rfc/rfc7638), by which others find it. */
  readonly id: string;
  readonly privateKey: CryptoKey;
}

/** A new key pair. Only the service it is for may see `privateJwk`. */
export async function generateServiceKey(): Promise<{ readonly privateJwk: JWK; readonly publicJwk: JWK }> {
  const { privateKey } = await generateKeyPair(SERVICE_KEY_ALGORITHM, { extractable: true });
  const { kty, crv, x, d } = await exportJWK(privateKey);
  const publicJwk = { kty, crv, x } as JWK;
  return { privateJwk: { ...publicJwk, d } as JWK, publicJwk: { ...publicJwk, kid: await keyId(publicJwk) } };
}

/** @throws AppError `config_invalid`, which quotes nothing of the text. */
export async function parseServiceKey(text: string): Promise<ServiceKey> {
  try {
    const jwk = JSON.parse(text) as JWK;
    if (!isEd25519(jwk) || typeof jwk.d !== 'string') throw new TypeError('not a private key');
    return { id: await keyId(jwk), privateKey: (await importJWK(jwk, SERVICE_KEY_ALGORITHM)) as CryptoKey };
  } catch {
    // Without the cause: it may quote the key.
    throw invalidKey('It must be the JWK of an Ed25519 private key, as "npm run service-key" makes it.');
  }
}

/** Found from the key and not from its `kid`: nobody can give one key the name of another. */
export function keyId(jwk: JWK): Promise<string> {
  return calculateJwkThumbprint(jwk);
}

export function isEd25519(jwk: unknown): jwk is JWK {
  if (typeof jwk !== 'object' || jwk === null) return false;
  const { kty, crv, x } = jwk as JWK;
  return kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string';
}

export function invalidKey(message: string): AppError {
  return new AppError('invalid_argument', 'config_invalid', message);
}
