import { createPrivateKey, randomUUID, type KeyObject } from 'node:crypto';
import { AppError } from '@agent-platform/errors';
import { SignJWT } from 'jose';

/** As short as clocks that differ allow. */
const LIFETIME_SECONDS = 60;

export interface ClientAssertionOptions {
  readonly clientId: string;
  /** The issuer identifier of the authorization server. */
  readonly audience: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  /** What the server takes (`token_endpoint_auth_signing_alg_values_supported`), where it says. */
  readonly algorithms?: readonly string[] | undefined;
}

/**
 * Proves to an authorization server who a client is (`private_key_jwt`). The audience is the issuer alone, which what
 * will update RFC 7523 demands: an assertion made for one server is of no use at another. Without `kid`: only the server
 * knows by which name it keeps the public key.
 *
 * @throws AppError `client_key_invalid`
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-3
 * @see https://datatracker.ietf.org/doc/draft-ietf-oauth-rfc7523bis/
 */
export async function signClientAssertion(o: ClientAssertionOptions): Promise<string> {
  const { key, algorithms } = readClientKey(o.privateKey);
  const alg = algorithms.find((own) => o.algorithms === undefined || o.algorithms.includes(own));
  if (alg === undefined) {
    throw invalidKey(`The authorization server takes no signature of this kind of key (${algorithms.join(', ')}).`);
  }
  return await new SignJWT()
    .setProtectedHeader({ alg })
    .setIssuer(o.clientId)
    .setSubject(o.clientId)
    .setAudience(o.audience)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${LIFETIME_SECONDS}s`)
    .sign(key);
}

/** A key that a client can sign with, and how: the most common algorithm first. @throws AppError `client_key_invalid` */
export function readClientKey(pem: string): { readonly key: KeyObject; readonly algorithms: readonly string[] } {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Without the cause: it may quote the key.
    throw invalidKey('The private key cannot be read: it must be PKCS #8 in PEM, not encrypted.');
  }
  const algorithms = algorithmsOf(key);
  if (algorithms.length > 0) return { key, algorithms };
  throw invalidKey(
    'The private key cannot sign: it must be RSA of at least 2048 bits, EC P-256, P-384 or P-521, or Ed25519.',
  );
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  switch (asymmetricKeyType) {
    case 'rsa':
      return (asymmetricKeyDetails?.modulusLength ?? 0) < 2048
        ? []
        : ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512'];
    case 'ec':
      return EC_ALGORITHMS[asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      return [];
  }
}

const EC_ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};

function invalidKey(message: string): AppError {
  return new AppError('invalid_argument', 'client_key_invalid', message);
}
