import { AppError } from '@agent-platform/service';
import type { JWTPayload } from 'jose';
import { invalid } from './bearer.ts';
import type { UserPrincipal } from './principal.ts';

/** Claims that only ID tokens have (https://openid.net/specs/openid-connect-core-1_0.html#IDToken). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash'];
const ORG_ID = /^[\x21-\x7e]{1,128}$/;

/** The caller a verified access token speaks for. */
export function userOf(claims: JWTPayload): UserPrincipal {
  const idTokenClaim = ID_TOKEN_CLAIMS.find((claim) => claim in claims);
  if (idTokenClaim) {
    throw invalid(`This is an ID token (it has a "${idTokenClaim}" claim). Send an access token.`);
  }
  if (typeof claims.sub !== 'string' || claims.sub === '') {
    throw invalid('The access token has an unusable "sub" claim.');
  }
  return { kind: 'user', subject: claims.sub, permissions: permissionsOf(claims), orgId: orgOf(claims) };
}

/**
 * Auth0's `permissions` when there are any claims of that name, even none in it; otherwise the words of `scope`
 * (https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3).
 */
function permissionsOf({ permissions, scope = '' }: JWTPayload): ReadonlySet<string> {
  if (permissions !== undefined) {
    if (Array.isArray(permissions) && permissions.every((one) => typeof one === 'string')) return new Set(permissions);
    throw invalid('The access token has an unusable "permissions" claim; it must be a list of texts.');
  }
  if (typeof scope !== 'string') throw invalid('The access token has an unusable "scope" claim; it must be a text.');
  return new Set(scope.split(' ').filter(Boolean));
}

function orgOf({ org_id: orgId }: JWTPayload): string {
  if (orgId === undefined) {
    throw new AppError(
      'permission_denied',
      'no_organization',
      'The access token names no organization ("org_id"), so there is nothing it gives access to. Request one for an ' +
        'organization: with Auth0, allow the application for the organization and send "organization" with the token request.',
    );
  }
  if (typeof orgId !== 'string' || !ORG_ID.test(orgId)) {
    throw invalid('The access token has an unusable "org_id" claim.');
  }
  return orgId;
}
