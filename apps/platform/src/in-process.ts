import type { ServiceIdentities } from '@agent-platform/auth';
import { clientInterceptors, localTransport, serverInterceptors, type Routes } from '@agent-platform/rpc';
import type { Service, ServiceName } from '@agent-platform/runtime';
import type { Logger, Metrics } from '@agent-platform/telemetry';
import type { Transport } from '@connectrpc/connect';

/** Connects services of one process: in memory, and through the same interceptors and identities as over a network. */
export function createInProcessCalls(o: { identities: ServiceIdentities; logger: Logger; metrics: Metrics }) {
  return (caller: ServiceName, callee: Service<Routes>): Transport =>
    localTransport({
      routes: callee.routes!,
      interceptors: serverInterceptors({
        ...o,
        authenticate: o.identities.authenticatorOf(callee.name),
      }),
      client: clientInterceptors({
        identity: o.identities.identityOf(caller),
        callee: callee.name,
      }),
    });
}

/** A transport for a service that is created later: two services that call each other need one of their calls to wait. */
export function lazyTransport(transport: () => Transport): Transport {
  return {
    unary: (...args) => transport().unary(...args),
    stream: (...args) => transport().stream(...args),
  };
}
