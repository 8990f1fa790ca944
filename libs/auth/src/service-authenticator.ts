import { LruMap, type ServiceName } from '@agent-platform/service';
import { jwtVerify, type JWTPayload } from 'jose';
import { bearerToken, invalid } from './bearer.ts';
import { userOf } from './claims.ts';
import type { Authenticate, Principal } from './principal.ts';
import { requireSecret, SERVICE_ISSUER, SERVICE_TOKEN_TTL_SECONDS, SERVICE_TOKEN_TYPE } from './service-identity.ts';
import { refusalOf } from './token-errors.ts';

const ALGORITHMS = ['HS256'];
/** How far clocks may differ. Seconds. */
const TOLERANCE_SECONDS = 5;
const MAX_VERIFIED = 1_000;
/** The only service people call, so the only one that may speak for them. */
const FORWARDER: ServiceName = 'management-api';
const SERVICES: readonly unknown[] = [
  'ingest',
  'token-service',
  'management-api',
  'dispatcher',
] satisfies ServiceName[];

/**
 * Checks the identity a service shows: for us (`service`), by one of us, not older than a minute. Answers the service,
 * or the user it calls for; only management-api may call for one.
 */
export function createServiceAuthenticator(o: { service: ServiceName; secret: Uint8Array }): Authenticate {
  requireSecret(o.secret);
  const expected = { issuer: SERVICE_ISSUER, audience: o.service, algorithms: ALGORITHMS };
  // A caller shows the same token for three quarters of a minute: its signature is checked once.
  const verified = new LruMap<{ readonly principal: Principal; readonly endsAtMs: number }>(MAX_VERIFIED);

  return async (authorization): Promise<Principal> => {
    const known = verified.get(authorization ?? '');
    if (known && Date.now() < known.endsAtMs) return known.principal;
    try {
      const { payload } = await jwtVerify(bearerToken(authorization), o.secret, {
        ...expected,
        typ: SERVICE_TOKEN_TYPE,
        requiredClaims: ['exp', 'sub'],
        maxTokenAge: SERVICE_TOKEN_TTL_SECONDS,
        clockTolerance: TOLERANCE_SECONDS,
      });
      const principal = principalOf(payload);
      verified.set(authorization!, { principal, endsAtMs: payload.exp! * 1000 });
      return principal;
    } catch (error) {
      throw refusalOf(error, expected);
    }
  };
}

function principalOf({ sub, user }: JWTPayload): Principal {
  if (!SERVICES.includes(sub)) throw invalid('The token is not of a service of this platform.');
  const service = sub as ServiceName;
  if (user === undefined) return { kind: 'service', service };
  if (service !== FORWARDER) throw invalid(`Only ${FORWARDER} may call for a user.`);
  if (typeof user !== 'object' || user === null) throw invalid('The token has an unusable "user" claim.');
  return userOf(user as JWTPayload);
}
