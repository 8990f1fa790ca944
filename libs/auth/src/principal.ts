import type { ServiceName } from '@agent-platform/runtime';

/** Who calls. Made by an authenticator, read by the policy interceptor and by handlers. */
export type Principal = UserPrincipal | ServicePrincipal;

/** A person or machine of a tenant, from a JWT of the issuer; also when a service forwards its call. */
export interface UserPrincipal {
  readonly kind: 'user';
  /** The token's `sub`. */
  readonly subject: string;
  /** The tenant, from `org_id`. */
  readonly orgId: string;
  readonly permissions: ReadonlySet<string>;
}

/** Another service, acting for itself. */
export interface ServicePrincipal {
  readonly kind: 'service';
  readonly service: ServiceName;
}

/** Turns an Authorization header into a principal; rejects with `unauthenticated`, or `unavailable` for our own fault. */
export type Authenticate = (authorization: string | null) => Promise<Principal>;
