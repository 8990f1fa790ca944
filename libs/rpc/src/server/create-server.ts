import { fastify, type FastifyInstance } from 'fastify';
import type { Authenticate } from '@agent-platform/auth';
import type { Service } from '@agent-platform/runtime';
import type { Logger, Metrics } from '@agent-platform/telemetry';
import { serverInterceptors } from '../interceptors/server-interceptors.ts';
import { combineRoutes, everyMethod, requirePolicies, type Routes } from '../methods.ts';
import { addRestRoutes } from '../rest/rest-routes.ts';
import type { RequestHandler } from './connection-mux.ts';
import type { AdminPort } from './admin-port.ts';
import { addFallbacks, sendError } from './fallbacks.ts';
import { addHealthRoutes, addMetricsRoute, refuseFromOutside } from './health-routes.ts';
import { openPort, type Port } from './open-port.ts';
import { Readiness } from './readiness.ts';
import { addRpcRoutes } from './rpc-routes.ts';

const MAX_BODY_BYTES = 1024 * 1024;

export interface RpcServer extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly app: FastifyInstance;
}

export interface ServeOptions {
  /** What is served. What two of them offer is served by the first. */
  readonly services: readonly Service<Routes>[];
  readonly authenticate: Authenticate;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Routes that belong to no service. */
  readonly http?: (app: FastifyInstance) => void;
  /**
   * Where `/healthz`, `/readyz` and `/metrics` are. Without one they are on the port itself, `/metrics` for connections
   * to a loopback address only.
   */
  readonly admin?: AdminPort;
}

export interface ServerOptions extends ServeOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/**
 * Serves services on one port, over HTTP/1.1 and HTTP/2 without TLS: their RPCs over Connect, gRPC and gRPC-Web, those
 * with a google.api.http option as REST too, and their plain HTTP routes. What is not RPC answers errors as problem+json.
 *
 * Disposed of, it is not ready any more, serves on for half a second, lets the requests under way finish for up to 4 s,
 * and then closes every connection.
 *
 * @throws AppError `policy_missing` when a method does not say who may call it, `port_taken`.
 */
export async function createServer(o: ServerOptions): Promise<RpcServer> {
  await using resources = new AsyncDisposableStack();
  const server = await serve(resources.use(await openPort(o)), o);
  resources.move();
  return server;
}

/** As `createServer`, on a port that was opened before. @throws AppError `policy_missing` */
export async function serve(port: Port, o: ServeOptions): Promise<RpcServer> {
  const routes = combineRoutes(o.services);
  requirePolicies(everyMethod(routes));
  const interceptors = serverInterceptors(o);
  let handler!: RequestHandler;
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    // Its 503 carries no Retry-After, and what arrives on an open connection while it closes can still be served.
    return503OnClosing: false,
    serverFactory: (handle) => {
      handler = handle;
      return port.server;
    },
    // The port answers them, also before there is anything to serve.
    clientErrorHandler: () => {},
    // Names that are longer than any that is there are answered as any other that is not: no path is longer than this.
    routerOptions: { maxParamLength: 65_536 },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply, o.logger),
  });
  const readiness = o.admin?.readiness ?? new Readiness(o.logger);
  if (!o.admin) {
    addHealthRoutes(app, readiness);
    addMetricsRoute(app, o.metrics, { onRequest: refuseFromOutside });
  }
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
  await app.ready();
  port.handle(handler);
  readiness.serving(o.services);
  return {
    url: port.url,
    app,
    async [Symbol.asyncDispose]() {
      readiness.stopping();
      await Promise.all([app.close(), port[Symbol.asyncDispose]()]);
    },
  };
}
