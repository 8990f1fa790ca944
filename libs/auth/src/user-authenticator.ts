import { jwtVerify, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { bearerToken, invalid, malformed } from './bearer.ts';
import { userOf } from './claims.ts';
import type { Authenticate, UserPrincipal } from './principal.ts';
import type { KeySource } from './remote-keys.ts';
import { refusalOf, type Expectation } from './token-errors.ts';

/** Signatures only an issuer can make. Never HMAC: whoever can check one can make one. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256'];

/** RFC 9068 says `at+jwt`; Auth0 says `JWT` unless the API asks for the RFC 9068 profile. */
const TYPES = new Set(['jwt', 'at+jwt']);

/** How far clocks may differ. Seconds. */
const TOLERANCE_SECONDS = 5;

export interface UserAuthenticatorOptions {
  /** Exactly what `iss` says; with Auth0 that ends in a slash. */
  readonly issuer: string;
  /** What `aud` is or contains. */
  readonly audience: string;
  /** The issuer's; see `createRemoteKeys`. */
  readonly keys: KeySource;
}

/**
 * Checks access tokens of people and machines, as RFC 8725 and RFC 9068 ask: algorithm from our list and never from
 * the token, signature, issuer, audience, `typ`, `exp`, `nbf`, `iat`, `sub`.
 *
 * Rejects with `unauthenticated` (`token_missing`, `token_malformed`, `token_expired`, `token_invalid`), with
 * `permission_denied` (`no_organization`), and with `unavailable` when the issuer's keys are not to be had.
 */
export function createUserAuthenticator(o: UserAuthenticatorOptions): Authenticate {
  const { issuer, audience, keys } = o;
  const expected: Expectation = { issuer, audience, algorithms: ALGORITHMS };
  return async (authorization): Promise<UserPrincipal> => {
    const token = bearerToken(authorization);
    if (token.split('.').length !== 3) {
      throw malformed(
        `The access token is not a JWT. An issuer answers such a token when none was asked for: request one for the audience "${audience}".`,
      );
    }
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: TOLERANCE_SECONDS,
      });
      checkType(protectedHeader);
      checkIssuedAt(payload);
      return userOf(payload);
    } catch (error) {
      throw refusalOf(error, expected);
    }
  };
}

/** Explicit typing keeps other JWTs of the same issuer out (https://www.rfc-editor.org/rfc/rfc8725#section-3.11). */
function checkType({ typ }: JWTHeaderParameters): void {
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
  if (!TYPES.has(type)) throw invalid('The token is not an access token: its "typ" must be "JWT" or "at+jwt".');
}

function checkIssuedAt({ iat }: JWTPayload): void {
  if (iat !== undefined && iat > Date.now() / 1000 + TOLERANCE_SECONDS) {
    throw invalid('The access token is not valid yet ("iat" is in the future).');
  }
}
