import { AppError, LruMap, type ServiceName } from '@agent-platform/service';
import { SignJWT } from 'jose';
import type { UserPrincipal } from './principal.ts';

/** Never an issuer of user tokens, so neither kind can be taken for the other. */
export const SERVICE_ISSUER = 'agent-platform';
/** Explicit typing (https://www.rfc-editor.org/rfc/rfc8725#section-3.11). */
export const SERVICE_TOKEN_TYPE = 'service+jwt';
export const SERVICE_TOKEN_TTL_SECONDS = 60;
const RENEW_BEFORE_MS = 15_000;
const MAX_CACHED = 1_000;
const MIN_SECRET_BYTES = 32;

/** The user a service calls for, as it stands in the token. */
export interface UserClaim {
  readonly sub: string;
  readonly org_id: string;
  readonly permissions: readonly string[];
}

export interface ServiceIdentity {
  /** A token for a call to `callee`. Good for at least 15 s more. */
  tokenFor(callee: ServiceName, onBehalfOf?: UserPrincipal): Promise<string>;
}

/**
 * What a service shows to another one when it calls it: a JWT of a minute, with the callee as audience, signed with a
 * secret all services share (at least 32 bytes). Kept and used again until 15 s before it ends.
 */
export function createServiceIdentity(o: { service: ServiceName; secret: Uint8Array }): ServiceIdentity {
  requireSecret(o.secret);
  const cache = new LruMap<{ readonly token: string; readonly renewAtMs: number }>(MAX_CACHED);

  async function sign(callee: ServiceName, user: UserClaim | undefined, nowMs: number): Promise<string> {
    const issuedAt = Math.floor(nowMs / 1000);
    return new SignJWT(user ? { user } : {})
      .setProtectedHeader({ alg: 'HS256', typ: SERVICE_TOKEN_TYPE })
      .setIssuer(SERVICE_ISSUER)
      .setSubject(o.service)
      .setAudience(callee)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + SERVICE_TOKEN_TTL_SECONDS)
      .sign(o.secret);
  }

  return {
    async tokenFor(callee, onBehalfOf) {
      const user = onBehalfOf && claimOf(onBehalfOf);
      const key = JSON.stringify([callee, user]);
      const nowMs = Date.now();
      const cached = cache.get(key);
      if (cached && nowMs < cached.renewAtMs) return cached.token;
      const token = await sign(callee, user, nowMs);
      cache.set(key, { token, renewAtMs: nowMs + SERVICE_TOKEN_TTL_SECONDS * 1000 - RENEW_BEFORE_MS });
      return token;
    },
  };
}

/** @throws AppError `config_invalid`: a short secret can be guessed offline from one token. */
export function requireSecret(secret: Uint8Array): void {
  if (secret.length >= MIN_SECRET_BYTES) return;
  throw new AppError(
    'invalid_argument',
    'config_invalid',
    `The secret the services sign their calls with has ${secret.length} bytes; it needs at least ${MIN_SECRET_BYTES}.`,
  );
}

function claimOf(user: UserPrincipal): UserClaim {
  return { sub: user.subject, org_id: user.orgId, permissions: [...user.permissions].sort() };
}
