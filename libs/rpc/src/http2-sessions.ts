import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { Http2SessionManager } from '@connectrpc/connect-node';
import { AppError } from '@agent-platform/errors';

/** Finds a connection that is dead without saying so before a call has to wait for it. */
const PING = { pingIntervalMs: 10_000, pingTimeoutMs: 2_000 };
const CHECK_WITHIN_MS = 2_000;

/** What Connect uses of its manager. */
type Manager = Pick<Http2SessionManager, 'authority' | 'request' | 'notifyResponseByteRead'>;

export interface Http2Sessions extends Manager, Disposable {
  /** Rejects with `unavailable` while nothing answers there. */
  check(): Promise<void>;
}

/**
 * One HTTP/2 connection to a service, made when first needed and made anew when it is lost.
 *
 * Connect's own manager lets go of a connection that the service closes in good order before the connection has raised
 * its last error, which then ends the process: https://github.com/connectrpc/connect-es/issues/1768. Here somebody
 * always listens.
 */
export function openHttp2Sessions(baseUrl: string): Http2Sessions {
  const manager = new Http2SessionManager(baseUrl, PING);
  const heard = new WeakSet<ClientHttp2Session>();

  const request: Http2Sessions['request'] = async (...args) => {
    const stream = await manager.request(...args);
    const session = stream.session as ClientHttp2Session | undefined;
    if (session && !heard.has(session)) {
      heard.add(session);
      session.on('error', () => {});
    }
    return stream;
  };

  return {
    authority: manager.authority,
    request,
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
    async check() {
      try {
        // Whatever it answers: a service that starts says so with 503.
        const stream = await request('GET', '/', {}, { endStream: true });
        // Also after the answer, when nobody waits for it any more.
        stream.on('error', () => {});
        await once(stream, 'response', { signal: AbortSignal.timeout(CHECK_WITHIN_MS) }).finally(() => stream.close());
      } catch (cause) {
        throw new AppError('unavailable', 'unavailable', `Nothing answers at ${baseUrl}.`, { cause });
      }
    },
    [Symbol.dispose]: () => manager.abort(),
  };
}
