import { AppError } from '@agent-platform/errors';
import type { JWTPayload } from 'jose';
import { invalid } from './bearer.ts';
import type { UserPrincipal } from './principal.ts';

/** Claims that only ID tokens have (https://openid.net/specs/openid-connect-core-1_0.html#IDToken). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash'];
const ORG_ID = /^[\x21-\x7e]{1,128}$/;

/** What stands in for claims that a token does not have. */
export interface ClaimDefaults {
  /** The tenant of tokens without `org_id`; none: they are refused. */
  readonly org?: string | undefined;
  /** What tokens with neither `permissions` nor `scope` may do. */
  readonly permissions?: readonly string[];
}

/** The caller a verified access token speaks for. */
export function userOf(claims: JWTPayload, defaults: ClaimDefaults = {}): UserPrincipal {
  const idTokenClaim = ID_TOKEN_CLAIMS.find((claim) => claim in claims);
  if (idTokenClaim) {
    throw invalid(`This is an ID token (it has a "${idTokenClaim}" claim). Send an access token.`);
  }
  if (typeof claims.sub !== 'string' || claims.sub === '') {
    throw invalid('The access token has an unusable "sub" claim.');
  }
  const permissions = permissionsOf(claims, defaults);
  return { kind: 'user', subject: claims.sub, permissions, orgId: orgOf(claims, defaults) };
}

/**
 * Auth0's `permissions` when there are any claims of that name, even none in it; otherwise the words of `scope`
 * (https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3). Auth0 gives a token neither when its API has no RBAC.
 */
function permissionsOf({ permissions, scope }: JWTPayload, defaults: ClaimDefaults): ReadonlySet<string> {
  if (permissions !== undefined) {
    if (Array.isArray(permissions) && permissions.every((one) => typeof one === 'string')) return new Set(permissions);
    throw invalid('The access token has an unusable "permissions" claim; it must be a list of texts.');
  }
  if (scope === undefined) return new Set(defaults.permissions);
  if (typeof scope !== 'string') throw invalid('The access token has an unusable "scope" claim; it must be a text.');
  return new Set(scope.split(' ').filter(Boolean));
}

function orgOf({ org_id: orgId }: JWTPayload, { org }: ClaimDefaults): string {
  if (orgId === undefined) {
    if (org !== undefined) return org;
    throw new AppError(
      'permission_denied',
      'no_organization',
      'The access token names no organization ("org_id"): request one for an organization (with Auth0, allow the ' +
        'application for it and send "organization" with the token request), or let the operator set AUTH_DEFAULT_ORG.',
    );
  }
  if (typeof orgId !== 'string' || !ORG_ID.test(orgId)) {
    throw invalid('The access token has an unusable "org_id" claim.');
  }
  if (orgId === org) {
    const message = `The organization "${org}" is that of tokens that name none (AUTH_DEFAULT_ORG); no token may name it.`;
    throw new AppError('permission_denied', 'organization_reserved', message);
  }
  return orgId;
}
