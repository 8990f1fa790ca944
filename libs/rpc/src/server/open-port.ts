import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { AppError } from '@agent-platform/errors';
import { problemOf } from '../problem.ts';
import { createConnectionMux, type ConnectionMux, type RequestHandler } from './connection-mux.ts';
import { listening, urlOf } from './listen.ts';

/** How long requests may take to finish when the server stops. */
const DRAIN_MS = 4_000;
const TIMEOUTS = { headersTimeoutMs: 10_000, requestTimeoutMs: 30_000, keepAliveTimeoutMs: 72_000, lingerMs: 500 };

/** A port that is open before there is anything to serve on it. */
export interface Port extends AsyncDisposable {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly server: ConnectionMux['server'];
  /** From now on requests go here. */
  handle(handler: RequestHandler): void;
}

/**
 * Opens a port for a service that may have to wait for what it needs: until `handle` is called it answers 503.
 *
 * Disposing of it serves on for half a second, tells clients to go, lets the requests under way finish for up to 4 s, then closes every connection.
 *
 * @param o.port - 0: any free one.
 * @throws AppError `port_taken`
 */
export async function openPort(o: { host: string; port: number }): Promise<Port> {
  let handler: RequestHandler = (_request, response) => answerStarting(response);
  const mux = createConnectionMux((request, response) => handler(request, response), TIMEOUTS);
  await listening(once(mux.server.listen({ host: o.host, port: o.port }), 'listening'), { ...o, variable: 'PORT' });
  return {
    url: urlOf(o.host, mux.server),
    server: mux.server,
    handle: (next) => void (handler = next),
    async [Symbol.asyncDispose]() {
      const force = setTimeout(() => mux.destroy(), DRAIN_MS);
      await mux.drain();
      clearTimeout(force);
    },
  };
}

function answerStarting(response: ServerResponse): void {
  const message = 'The service is starting. Try again.';
  const { status, headers, body } = problemOf(
    new AppError('unavailable', 'starting', message, { retryAfterSeconds: 1 }),
  );
  response.writeHead(status, headers).end(JSON.stringify(body));
}
