import { decodeJwt } from 'jose';
import { bearerToken, invalid } from './bearer.ts';
import type { Authenticate } from './principal.ts';
import { SERVICE_ISSUER } from './services/service-identity.ts';

/**
 * Lets users or services or both in. Which authenticator decides is read from the token's `iss` before anything is
 * verified; that is safe because each of them accepts its own issuer only.
 */
export function authenticateWith(o: { users?: Authenticate; services?: Authenticate }): Authenticate {
  return async (authorization) => {
    const authenticate = isServiceToken(bearerToken(authorization)) ? o.services : o.users;
    if (authenticate) return authenticate(authorization);
    throw invalid(
      o.users
        ? 'Calls of services are not accepted here.'
        : 'Only calls of services of the platform are accepted here.',
    );
  };
}

function isServiceToken(token: string): boolean {
  try {
    return decodeJwt(token).iss === SERVICE_ISSUER;
  } catch {
    return false;
  }
}
