import { ADDRESS_RANGES } from '@agent-platform/outbound';
import { publicServices } from '@agent-platform/proto';
import { variable, type ConfigOf } from '@agent-platform/config';
import { permissionsOf } from './policy.ts';
import { CLOCK_TOLERANCE_MS } from './user-authenticator.ts';

/** Whose access tokens are accepted, and for what. */
export interface AuthConfig {
  /** Auth0's domain: `https://your-tenant.eu.auth0.com/`; its discovery document says how tokens spell it. */
  readonly issuer: string;
  readonly audience: string;
  /** Ranges where the issuer may be although they are not public. */
  readonly allowedAddresses: readonly string[];
  /** The tenant of tokens that name none; empty: they are refused. */
  readonly defaultOrg: string;
  /** What tokens with neither `permissions` nor `scope` may do. */
  readonly defaultPermissions: readonly string[];
  /** How far clocks may differ. */
  readonly clockToleranceMs: number;
}

const everyPermission = permissionsOf(publicServices);

/** The variables of every program that checks access tokens, beside `AUTH_ISSUER` and `AUTH_AUDIENCE`. */
export const authVariables = {
  authAllowedAddresses: variable.parsed('AUTH_ALLOWED_ADDRESSES', ADDRESS_RANGES, { default: [] }),
  authDefaultOrg: variable.stringOrEmpty('AUTH_DEFAULT_ORG', {
    default: 'default',
    expected: 'the name of an organization, at most 128 characters without spaces, or nothing',
    pattern: /^[\x21-\x7e]{1,128}$/,
  }),
  authDefaultPermissions: variable.parsed(
    'AUTH_DEFAULT_PERMISSIONS',
    {
      expected: `"all", or some of ${everyPermission.join(', ')}, separated by commas`,
      parse: parsePermissions,
    },
    { default: [] },
  ),
  authClockToleranceMs: variable.durationMs('AUTH_CLOCK_TOLERANCE', { default: CLOCK_TOLERANCE_MS }),
};

function parsePermissions(text: string): readonly string[] | undefined {
  if (text === 'all') return everyPermission;
  const permissions = text.split(/[\s,]+/).filter(Boolean);
  return permissions.every((one) => everyPermission.includes(one)) ? permissions : undefined;
}

/** @param values - as `authVariables` were read. */
export function authConfigOf(issuer: string, audience: string, values: ConfigOf<typeof authVariables>): AuthConfig {
  return {
    issuer,
    audience,
    allowedAddresses: values.authAllowedAddresses,
    defaultOrg: values.authDefaultOrg,
    defaultPermissions: values.authDefaultPermissions,
    clockToleranceMs: values.authClockToleranceMs,
  };
}
