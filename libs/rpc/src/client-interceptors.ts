import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { context, propagation } from '@opentelemetry/api';
import type { ServiceIdentity } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';
import type { ServiceName } from '@agent-platform/runtime';
import { onBehalfOfKey, requestIdKey, traceparentKey } from './call-context.ts';
import { toConnectError } from './errors.ts';
import { REQUEST_ID_HEADER } from './request-id.ts';

/** Sends with every call who calls whom, for which user, and in which trace and request. */
export function clientInterceptors(o: { identity: ServiceIdentity; callee: ServiceName }): Interceptor[] {
  return [
    (next) => async (request) => {
      const values = request.contextValues;
      const token = await o.identity.tokenFor(o.callee, values.get(onBehalfOfKey));
      request.header.set('authorization', `Bearer ${token}`);
      const requestId = values.get(requestIdKey);
      if (requestId) request.header.set(REQUEST_ID_HEADER, requestId);
      const traceparent = activeTraceparent() ?? values.get(traceparentKey);
      if (traceparent) request.header.set('traceparent', traceparent);
      return next(request).catch(identityRefused);
    },
  ];
}

/** A service that does not know us is our own fault, never that of whoever we are calling for: no 401. */
function identityRefused(error: unknown): never {
  const cause = ConnectError.from(error);
  if (cause.code !== Code.Unauthenticated) throw error;
  const message = 'A service this request depends on does not accept calls of this one right now. Try again.';
  throw toConnectError(
    new AppError('unavailable', 'service_identity_refused', message, { cause, retryAfterSeconds: 5 }),
  );
}

/** Of the span around the call; none when telemetry is off. */
function activeTraceparent(): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}
