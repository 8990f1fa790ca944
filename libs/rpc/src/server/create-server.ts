import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance } from 'fastify';
import type { Authenticate } from '@agent-platform/auth';
import { AppError, type Logger, type Metrics, type Service } from '@agent-platform/service';
import { serverInterceptors } from '../interceptors/server-interceptors.ts';
import { combineRoutes, everyMethod, requirePolicies, type Routes } from '../methods.ts';
import { addRestRoutes } from '../rest/rest-routes.ts';
import { createConnectionMux, type ConnectionMux } from './connection-mux.ts';
import { addFallbacks, sendError } from './fallbacks.ts';
import { addHealthRoutes } from './health-routes.ts';
import { addRpcRoutes } from './rpc-routes.ts';

const MAX_BODY_BYTES = 1024 * 1024;
/** How long requests may take to finish when the server stops. */
const DRAIN_MS = 4_000;
const TIMEOUTS = { headersTimeoutMs: 10_000, requestTimeoutMs: 30_000, keepAliveTimeoutMs: 72_000 };

export interface RpcServer extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly app: FastifyInstance;
}

export interface ServerOptions {
  /** What is served. What two of them offer is served by the first. */
  readonly services: readonly Service<Routes>[];
  readonly authenticate: Authenticate;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Routes that belong to no service. */
  readonly http?: (app: FastifyInstance) => void;
}

/**
 * Serves services on one port, over HTTP/1.1 and HTTP/2 without TLS: their RPCs over Connect, gRPC and gRPC-Web, those
 * with a google.api.http option as REST too, their plain HTTP routes, and `/healthz`, `/readyz` and `/metrics`. What is
 * not RPC answers errors as problem+json.
 *
 * Disposing of it stops accepting, lets the requests under way finish for up to 4 s, then closes every connection.
 *
 * @throws AppError `policy_missing` when a method does not say who may call it, `port_taken`.
 */
export async function createServer(o: ServerOptions): Promise<RpcServer> {
  const routes = combineRoutes(o.services);
  requirePolicies(everyMethod(routes));
  const interceptors = serverInterceptors(o);
  let mux!: ConnectionMux;
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    serverFactory: (handler) => (mux = createConnectionMux(handler, TIMEOUTS)).server,
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply, o.logger),
  });
  addHealthRoutes(app, o);
  addRpcRoutes(app, { routes, interceptors, maxBytes: MAX_BODY_BYTES, logger: o.logger });
  const restRoot = addRestRoutes(app, { routes, interceptors, authenticate: o.authenticate });
  addFallbacks(app, {
    where: restRoot ? `The API is below ${restRoot}.` : 'RPCs are at /<package>.<Service>/<Method>.',
    logger: o.logger,
  });
  for (const http of [...o.services.map((service) => service.http), o.http]) {
    // Each in a scope of its own: the parsers and hooks of one are none of the others' business.
    if (http) void app.register(async (scope) => http(scope));
  }
  try {
    await app.ready();
    await listen(mux, o);
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    url: urlOf(o.host, mux),
    app,
    async [Symbol.asyncDispose]() {
      const force = setTimeout(() => mux.destroy(), DRAIN_MS);
      await Promise.all([app.close(), mux.drain()]);
      clearTimeout(force);
    },
  };
}

async function listen({ server }: ConnectionMux, { host, port }: ServerOptions): Promise<void> {
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
