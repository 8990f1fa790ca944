import type { DescMethod } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { authorize, policyOf, type Authenticate, type Principal } from '@agent-platform/auth';
import { principalKey } from '../call-context.ts';

/** Rejects unless the bearer of the header may call the method. */
export async function admit(
  authenticate: Authenticate,
  method: DescMethod,
  authorization: string | null,
): Promise<Principal> {
  const policy = policyOf(method);
  if (!policy) throw new Error(`${method.parent.typeName}.${method.name} has no policy`);
  const principal = await authenticate(authorization);
  authorize(policy, principal);
  return principal;
}

export function authentication(authenticate: Authenticate): Interceptor {
  return (next) => async (request) => {
    const principal = await admit(authenticate, request.method, request.header.get('authorization'));
    request.contextValues.set(principalKey, principal);
    return next(request);
  };
}
