import { fastify } from 'fastify';
import type { Logger, Metrics } from '@agent-platform/telemetry';
import { addFallbacks } from './fallbacks.ts';
import { addHealthRoutes, addMetricsRoute } from './health-routes.ts';
import { listening, urlOf } from './listen.ts';
import { Readiness } from './readiness.ts';

/** What operators and machines ask of a process, away from its users: `/healthz`, `/readyz` and `/metrics`. */
export interface AdminPort extends AsyncDisposable {
  /** `http://127.0.0.1:8081` */
  readonly url: string;
  readonly readiness: Readiness;
}

/**
 * Opens the port as the first thing a process does: it is alive from then on, and ready when it is served (`serve`).
 * It is closed last, without waiting for anybody.
 *
 * @param o.adminPort - 0: any free one.
 * @throws AppError `port_taken`
 */
export async function openAdminPort(o: {
  host: string;
  adminPort: number;
  logger: Logger;
  metrics: Metrics;
}): Promise<AdminPort> {
  const readiness = new Readiness(o.logger);
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    connectionTimeout: 10_000,
    requestTimeout: 10_000,
  });
  addHealthRoutes(app, readiness);
  addMetricsRoute(app, o.metrics);
  addFallbacks(app, { where: 'Here are /healthz, /readyz and /metrics.', logger: o.logger });
  const address = { host: o.host, port: o.adminPort };
  await listening(app.listen(address), { ...address, variable: 'ADMIN_PORT' });
  return { url: urlOf(o.host, app.server), readiness, [Symbol.asyncDispose]: () => app.close() };
}
