import { createContextKey, createContextValues, type ContextValues, type HandlerContext } from '@connectrpc/connect';
import type { Principal, UserPrincipal } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';

/** Who called; set by the authentication interceptor. */
export const principalKey = createContextKey<Principal | undefined>(undefined, { description: 'principal' });
/** The trace a call belongs to: of an incoming call, and to be sent with an outgoing one. */
export const traceparentKey = createContextKey<string | undefined>(undefined, { description: 'traceparent' });
/** What ties the log lines of a request together, across services. */
export const requestIdKey = createContextKey<string | undefined>(undefined, { description: 'request id' });
/** The user an outgoing call is made for. */
export const onBehalfOfKey = createContextKey<UserPrincipal | undefined>(undefined, { description: 'on behalf of' });

/** Who called the method: behind the server interceptors there always is somebody. */
export function principalOf(context: HandlerContext): Principal {
  const principal = context.values.get(principalKey);
  if (!principal) throw new Error(`${context.method.name} was called without the server interceptors`);
  return principal;
}

/** The user who called, for methods that act within a tenant. */
export function userOf(context: HandlerContext): UserPrincipal {
  const principal = principalOf(context);
  if (principal.kind === 'user') return principal;
  throw new AppError('permission_denied', 'user_required', 'This method acts for a user, not for a service.');
}

/**
 * Context values for an outgoing call.
 *
 * @param o.traceparent - of the work the call is part of, when no OpenTelemetry span is active.
 * @param o.onBehalfOf - the user whose call is passed on; only management-api is believed.
 *
 * @example
 * credentials.resolveCredential(request, { contextValues: callContext({ traceparent }) })
 */
export function callContext(o: {
  traceparent?: string | undefined;
  onBehalfOf?: UserPrincipal | undefined;
  requestId?: string | undefined;
}): ContextValues {
  return createContextValues()
    .set(traceparentKey, o.traceparent)
    .set(onBehalfOfKey, o.onBehalfOf)
    .set(requestIdKey, o.requestId);
}
