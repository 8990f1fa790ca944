import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@agent-platform/service';
import { problemOf } from '../problem.ts';
import { createConnectionMux, type ConnectionMux, type RequestHandler } from './connection-mux.ts';

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
 * Opens a port for a service that may have to wait for what it needs: until `handle` is called it answers `/healthz`
 * with 200, and everything else with 503.
 *
 * Disposing of it serves on for half a second, tells clients to go, lets the requests under way finish for up to 4 s, then closes every connection.
 *
 * @param o.port - 0: any free one.
 * @throws AppError `port_taken`
 */
export async function openPort(o: { host: string; port: number }): Promise<Port> {
  let handler: RequestHandler = answerStarting;
  const mux = createConnectionMux((request, response) => handler(request, response), TIMEOUTS);
  await listen(mux, o);
  return {
    url: urlOf(o.host, mux),
    server: mux.server,
    handle: (next) => void (handler = next),
    async [Symbol.asyncDispose]() {
      const force = setTimeout(() => mux.destroy(), DRAIN_MS);
      await mux.drain();
      clearTimeout(force);
    },
  };
}

async function listen({ server }: ConnectionMux, { host, port }: { host: string; port: number }): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    const message = `Port ${port} on ${host} is taken. Stop the program that uses it, or set PORT to another port.`;
    throw new AppError('failed_precondition', 'port_taken', message, { cause });
  }
}

function urlOf(host: string, { server }: ConnectionMux): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function answerStarting({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const path = url.split('?', 1)[0];
  const json = { 'content-type': 'application/json; charset=utf-8' };
  if (path === '/healthz') return send(response, 200, json, { status: 'ok' });
  if (path === '/readyz') return send(response, 503, json, { status: 'starting', services: {} });
  const message = 'The service is starting. Try again.';
  const { status, headers, body } = problemOf(
    new AppError('unavailable', 'starting', message, { retryAfterSeconds: 1 }),
  );
  send(response, status, headers, body);
}

function send(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: object): void {
  response.writeHead(status, headers).end(JSON.stringify(body));
}
