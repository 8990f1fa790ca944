import type { ServiceName } from '@agent-platform/runtime';
import { jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { bearerToken, invalid } from '../bearer.ts';
import { userOf } from '../claims.ts';
import type { Authenticate, Principal } from '../principal.ts';
import { refusalOf } from '../token-errors.ts';
import { SERVICE_ISSUER, SERVICE_TOKEN_TTL_SECONDS, SERVICE_TOKEN_TYPE } from './service-identity.ts';
import { SERVICE_KEY_ALGORITHM } from './service-key.ts';
import type { ServicePublicKeys } from './service-public-keys.ts';

/** How far clocks may differ. Seconds. */
const TOLERANCE_SECONDS = 5;
const MAX_VERIFIED = 1_000;
/** By callee: who may call for a user. To people, management-api shows what the dispatcher has; nothing else is forwarded. */
const FORWARDERS: Readonly<Partial<Record<ServiceName, ServiceName>>> = { dispatcher: 'management-api' };

type Verified = LRUCache<string, { readonly principal: Principal; readonly endsAtMs: number }>;

/**
 * Checks the identity a service shows: for us (`service`), signed with a key of whom it claims to be, not older than a
 * minute. Answers the service, or the user it calls for where it may call for one. Who it is follows from the key alone.
 */
export function createServiceAuthenticator(o: {
  service: ServiceName;
  keys: () => Promise<ServicePublicKeys>;
}): Authenticate {
  const expected = { issuer: SERVICE_ISSUER, audience: o.service, algorithms: [SERVICE_KEY_ALGORITHM] };
  // A caller shows the same token for three quarters of a minute: its signature is checked once, while the keys stay.
  let known: { readonly keys: ServicePublicKeys; readonly verified: Verified } | undefined;

  return async (authorization): Promise<Principal> => {
    const keys = await o.keys();
    if (known?.keys !== keys) known = { keys, verified: new LRUCache({ max: MAX_VERIFIED }) };
    const { verified } = known;
    const seen = verified.get(authorization ?? '');
    if (seen && Date.now() < seen.endsAtMs) return seen.principal;
    const keyOf = (id: string | undefined) => {
      const found = keys.get(id ?? '');
      if (found) return found;
      throw invalid('The token is signed with a key that is not, or no longer, that of a service of this platform.');
    };
    try {
      const { payload, protectedHeader } = await jwtVerify(bearerToken(authorization), ({ kid }) => keyOf(kid).key, {
        ...expected,
        typ: SERVICE_TOKEN_TYPE,
        requiredClaims: ['exp', 'sub'],
        maxTokenAge: SERVICE_TOKEN_TTL_SECONDS,
        clockTolerance: TOLERANCE_SECONDS,
      });
      const principal = principalOf(payload, { caller: keyOf(protectedHeader.kid).owner, callee: o.service });
      verified.set(authorization!, { principal, endsAtMs: payload.exp! * 1000 });
      return principal;
    } catch (error) {
      throw refusalOf(error, expected);
    }
  };
}

function principalOf({ sub, user }: JWTPayload, o: { caller: ServiceName; callee: ServiceName }): Principal {
  if (sub !== o.caller) throw invalid(`The token is signed by ${o.caller} and claims to be of another service.`);
  if (user === undefined) return { kind: 'service', service: o.caller };
  if (FORWARDERS[o.callee] !== o.caller) throw invalid(`${o.caller} may not call ${o.callee} for a user.`);
  if (typeof user !== 'object' || user === null) throw invalid('The token has an unusable "user" claim.');
  return userOf(user as JWTPayload);
}
