import type { AppError } from '@agent-platform/errors';
import { decodeJwt, jwtVerify, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { bearerToken, invalid, malformed } from './bearer.ts';
import { userOf, type ClaimDefaults } from './claims.ts';
import { isSameIssuer } from './issuer-metadata.ts';
import type { Authenticate, UserPrincipal } from './principal.ts';
import type { KeySource } from './remote-keys.ts';
import { refusalOf, type Expectation } from './token-errors.ts';

/** Signatures only an issuer can make. Never HMAC: whoever can check one can make one. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256'];

/** RFC 9068 says `at+jwt`; Auth0 says `JWT` unless the API asks for the RFC 9068 profile. */
const TYPES = new Set(['jwt', 'at+jwt']);

/** How far the issuer's clock may be from ours unless configured otherwise: its `iat` was seen 10 s ahead. */
export const CLOCK_TOLERANCE_MS = 60_000;

export interface UserAuthenticatorOptions {
  /** What `iss` may be, letter for letter; with Auth0 that ends in a slash. */
  readonly issuers: () => readonly string[];
  /** What `aud` is or contains. */
  readonly audience: string;
  /** The issuer's; see `createRemoteKeys`. */
  readonly keys: KeySource;
  /** In milliseconds; 60,000 by default. */
  readonly clockToleranceMs?: number;
  /** For claims that a token does not have. None by default. */
  readonly defaults?: ClaimDefaults;
}

/**
 * Checks access tokens of people and machines, as RFC 8725 and RFC 9068 ask: algorithm from our list and never from
 * the token, signature, issuer, audience, `typ`, `exp`, `nbf`, `iat`, `sub`.
 *
 * Rejects with `unauthenticated` (`token_missing`, `token_malformed`, `token_expired`, `token_invalid`), with
 * `permission_denied` (`no_organization`, `organization_reserved`), and with `unavailable` when the issuer's keys are not to be had.
 */
export function createUserAuthenticator(o: UserAuthenticatorOptions): Authenticate {
  const { issuers, audience, keys, defaults, clockToleranceMs = CLOCK_TOLERANCE_MS } = o;
  const toleranceSeconds = clockToleranceMs / 1000;
  return async (authorization): Promise<UserPrincipal> => {
    const token = bearerToken(authorization);
    if (token.split('.').length !== 3) {
      throw malformed(
        `The access token is not a JWT. An issuer answers such a token when none was asked for: request one for the audience "${audience}".`,
      );
    }
    try {
      refuseForeign(token, issuers());
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: toleranceSeconds,
      });
      // Only now: how the issuer spells itself is known with its keys.
      if (payload.iss === undefined) throw invalid('The access token carries no "iss" claim.');
      if (!issuers().includes(payload.iss)) throw ofAnotherIssuer(issuers());
      checkType(protectedHeader);
      checkIssuedAt(payload, toleranceSeconds);
      return userOf(payload, defaults);
    } catch (error) {
      const expected: Expectation = { audience, algorithms: ALGORITHMS };
      throw refusalOf(error, expected);
    }
  };
}

/** Before its key is looked for: nothing is fetched for a token that does not even claim to be of the issuer. */
function refuseForeign(token: string, issuers: readonly string[]): void {
  const iss = claimedIssuer(token);
  const isOurs = iss === undefined || issuers.some((issuer) => isSameIssuer(issuer, iss));
  if (!isOurs) throw ofAnotherIssuer(issuers);
}

/** Not verified; undefined where there is none, which the check of the signature or what follows it says. */
function claimedIssuer(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return iss === undefined ? undefined : String(iss);
  } catch {
    return undefined;
  }
}

function ofAnotherIssuer(issuers: readonly string[]): AppError {
  return invalid(`The access token is of another issuer; this API expects "${issuers[0]}".`);
}

/** Explicit typing keeps other JWTs of the same issuer out (https://www.rfc-editor.org/rfc/rfc8725#section-3.11). */
function checkType({ typ }: JWTHeaderParameters): void {
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
  if (!TYPES.has(type)) throw invalid('The token is not an access token: its "typ" must be "JWT" or "at+jwt".');
}

function checkIssuedAt({ iat }: JWTPayload, toleranceSeconds: number): void {
  if (iat !== undefined && iat > Date.now() / 1000 + toleranceSeconds) {
    throw invalid('The access token is not valid yet ("iat" is in the future).');
  }
}
