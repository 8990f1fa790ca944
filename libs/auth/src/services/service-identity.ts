import type { ServiceName } from '@agent-platform/runtime';
import { SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { UserPrincipal } from '../principal.ts';
import { SERVICE_KEY_ALGORITHM, type ServiceKey } from './service-key.ts';

/** Never an issuer of user tokens, so neither kind can be taken for the other. */
export const SERVICE_ISSUER = 'agent-platform';
/** Explicit typing (https://www.rfc-editor.org/rfc/rfc8725#section-3.11). */
export const SERVICE_TOKEN_TYPE = 'service+jwt';
export const SERVICE_TOKEN_TTL_SECONDS = 60;
const RENEW_BEFORE_MS = 15_000;
const MAX_CACHED = 1_000;

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
 * What a service shows to another one when it calls it: a JWT of a minute, with the callee as audience, signed with the
 * service's own key. Kept and used again until 15 s before it ends, or until the key changes.
 */
export function createServiceIdentity(o: { service: ServiceName; key: () => Promise<ServiceKey> }): ServiceIdentity {
  const cache = new LRUCache<string, { readonly token: string; readonly renewAtMs: number }>({ max: MAX_CACHED });

  async function sign(
    key: ServiceKey,
    callee: ServiceName,
    user: UserClaim | undefined,
    nowMs: number,
  ): Promise<string> {
    const issuedAt = Math.floor(nowMs / 1000);
    return new SignJWT(user ? { user } : {})
      .setProtectedHeader({ alg: SERVICE_KEY_ALGORITHM, typ: SERVICE_TOKEN_TYPE, kid: key.id })
      .setIssuer(SERVICE_ISSUER)
      .setSubject(o.service)
      .setAudience(callee)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + SERVICE_TOKEN_TTL_SECONDS)
      .sign(key.privateKey);
  }

  return {
    async tokenFor(callee, onBehalfOf) {
      const key = await o.key();
      const user = onBehalfOf && claimOf(onBehalfOf);
      const what = JSON.stringify([key.id, callee, user]);
      const nowMs = Date.now();
      const cached = cache.get(what);
      if (cached && nowMs < cached.renewAtMs) return cached.token;
      const token = await sign(key, callee, user, nowMs);
      cache.set(what, { token, renewAtMs: nowMs + SERVICE_TOKEN_TTL_SECONDS * 1000 - RENEW_BEFORE_MS });
      return token;
    },
  };
}

function claimOf(user: UserPrincipal): UserClaim {
  return { sub: user.subject, org_id: user.orgId, permissions: [...user.permissions].sort() };
}
