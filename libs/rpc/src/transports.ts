import { ConnectError, createRouterTransport, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { fromConnectError } from './errors.ts';
import { openHttp2Sessions } from './http2-sessions.ts';
import type { Routes } from './methods.ts';
import { retrySafeCalls } from './retry.ts';

/** For calls that name no `timeoutMs` of their own: services answer each other from memory or one query. */
export const CALL_TIMEOUT_MS = 5_000;

/**
 * Calls a service of the same process, through the same interceptors as any other call of it. Calls reject with
 * `AppError` and are given up after 5 s unless they say otherwise (`timeoutMs`; 0: never).
 *
 * @param o.interceptors - of the server: `serverInterceptors`.
 * @param o.client - of the caller: `clientInterceptors`.
 */
export function localTransport(o: { routes: Routes; interceptors: Interceptor[]; client: Interceptor[] }): Transport {
  return withAppErrors(
    createRouterTransport(o.routes, {
      router: { interceptors: o.interceptors },
      transport: { interceptors: o.client, defaultTimeoutMs: CALL_TIMEOUT_MS },
    }),
  );
}

export interface RemoteTransport extends Transport, AsyncDisposable {
  /** For `/readyz`: rejects with `unavailable` while nothing answers there. */
  check(): Promise<void>;
}

/**
 * Calls a service in another process: the Connect protocol over one HTTP/2 connection, made when first needed and made
 * anew when it is lost. Errors and deadlines as with `localTransport`; safe calls that get lost are made again within
 * their deadline ({@link retrySafeCalls}). Dispose of it to close the connection.
 *
 * @param o.interceptors - `clientInterceptors`.
 */
export function remoteTransport(o: { baseUrl: string; interceptors: Interceptor[] }): RemoteTransport {
  const sessionManager = openHttp2Sessions(o.baseUrl);
  const transport = createConnectTransport({
    baseUrl: o.baseUrl,
    httpVersion: '2',
    sessionManager,
    interceptors: [retrySafeCalls, ...o.interceptors],
    defaultTimeoutMs: CALL_TIMEOUT_MS,
  });
  return {
    ...withAppErrors(transport),
    check: () => sessionManager.check(),
    [Symbol.asyncDispose]: async () => sessionManager[Symbol.dispose](),
  };
}

/** Around the transport, because what an interceptor throws Connect turns into a ConnectError again. */
function withAppErrors(transport: Transport): Transport {
  return {
    unary: (...args) => transport.unary(...args).catch(rethrow),
    async stream(...args) {
      const response = await transport.stream(...args).catch(rethrow);
      return { ...response, message: mapStreamErrors(response.message) };
    },
  };
}

async function* mapStreamErrors<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    rethrow(error);
  }
}

function rethrow(error: unknown): never {
  throw fromConnectError(ConnectError.from(error));
}
