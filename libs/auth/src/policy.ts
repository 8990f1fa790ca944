import { policy as policyOption, type Policy } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { getOption, hasOption, type DescMethod, type DescService } from '@bufbuild/protobuf';
import type { Principal } from './principal.ts';

export type { Policy };

const policies = new WeakMap<DescMethod, Policy>();

/** Who may call a method, from its option in the proto; `undefined` when it says nothing, and then nobody may. */
export function policyOf(method: DescMethod): Policy | undefined {
  const known = policies.get(method);
  if (known || !hasOption(method, policyOption)) return known;
  const policy = getOption(method, policyOption);
  if (policy.permission === '' && policy.callers.length === 0) return undefined;
  policies.set(method, policy);
  return policy;
}

/** Every permission the methods of these services ask for, sorted. */
export function permissionsOf(services: readonly DescService[]): string[] {
  const permissions = services.flatMap(({ methods }) => methods.map((method) => policyOf(method)?.permission));
  return [...new Set(permissions.filter((permission) => !!permission) as string[])].toSorted();
}

/**
 * @throws AppError `permission_denied`, with code `permission_missing` for a person or machine (naming the permission)
 * and `caller_not_allowed` for a service.
 */
export function authorize(policy: Policy, principal: Principal): void {
  if (principal.kind === 'service') {
    if (policy.callers.includes(principal.service)) return;
    throw denied('caller_not_allowed', `The service ${principal.service} may not call this method.`);
  }
  if (policy.permission === '') {
    throw denied('permission_missing', 'This method is for the services of the platform only.');
  }
  if (principal.permissions.has(policy.permission)) return;
  const way =
    principal.permissions.size > 0
      ? 'Grant it to the caller and request a new token.'
      : 'The token carries none: grant it to the caller (with Auth0, after switching on RBAC with permissions in the ' +
        'access token for the API) and request a new token, or let the operator set AUTH_DEFAULT_PERMISSIONS.';
  throw denied('permission_missing', `The access token lacks the permission "${policy.permission}". ${way}`);
}

function denied(code: string, message: string): AppError {
  return new AppError('permission_denied', code, message);
}
