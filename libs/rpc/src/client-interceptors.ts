import type { Interceptor } from '@connectrpc/connect';
import { context, propagation } from '@opentelemetry/api';
import type { ServiceIdentity } from '@agent-platform/auth';
import type { ServiceName } from '@agent-platform/service';
import { onBehalfOfKey, requestIdKey, traceparentKey } from './call-context.ts';
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
      return next(request);
    },
  ];
}

/** Of the span around the call; none when telemetry is off. */
function activeTraceparent(): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}
