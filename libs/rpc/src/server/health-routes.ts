import { BlockList, isIPv6 } from 'node:net';
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { AppError } from '@agent-platform/errors';
import type { Metrics } from '@agent-platform/telemetry';
import type { Readiness } from './readiness.ts';

/** `/healthz`: alive, whatever it depends on; `/readyz`: of use right now, check by check. */
export function addHealthRoutes(app: FastifyInstance, readiness: Readiness): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const answer = await readiness.ask();
    return reply.code(answer.status === 'ok' ? 200 : 503).send(answer);
  });
}

export function addMetricsRoute(app: FastifyInstance, metrics: Metrics, options: RouteShorthandOptions = {}): void {
  app.get('/metrics', options, async (_request, reply) => {
    const { contentType, body } = await metrics.expose();
    return reply.header('content-type', contentType).send(body);
  });
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** As if there were nothing, unless the connection was made to a loopback address, which only this machine can do. */
export async function refuseFromOutside({ socket }: Pick<FastifyRequest, 'socket'>): Promise<void> {
  const { localAddress = '' } = socket;
  if (LOOPBACK.check(localAddress, isIPv6(localAddress) ? 'ipv6' : 'ipv4')) return;
  throw new AppError('not_found', 'not_found', 'There is nothing at /metrics.');
}
