import type { FastifyInstance } from 'fastify';
import type { Logger, Metrics, Service } from '@agent-platform/service';
import type { Routes } from '../methods.ts';

const CHECK_TIMEOUT_MS = 2_000;

/** `/healthz`: alive, whatever it depends on; `/readyz`: of use right now, check by check; `/metrics`. */
export function addHealthRoutes(
  app: FastifyInstance,
  o: { services: readonly Service<Routes>[]; logger: Logger; metrics: Metrics },
): void {
  let stopping = false;
  app.addHook('preClose', async () => void (stopping = true));

  app.get('/healthz', async () => ({ status: 'ok' }));

  app.get('/readyz', async (_request, reply) => {
    if (stopping) return reply.code(503).send({ status: 'stopping', services: {} });
    const services = Object.fromEntries(
      await Promise.all(o.services.map(async (service) => [service.name, await check(service, o.logger)] as const)),
    );
    const ready = Object.values(services).every((checks) => Object.values(checks).every((result) => result === 'ok'));
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable', services });
  });

  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await o.metrics.expose();
    return reply.header('content-type', contentType).send(body);
  });
}

async function check({ name, checks }: Service<Routes>, logger: Logger): Promise<Record<string, 'ok' | 'failed'>> {
  const results = Object.entries(checks).map(async ([dependency, ask]) => {
    try {
      await withTimeout(ask());
      return [dependency, 'ok'] as const;
    } catch (err) {
      logger.warn({ err, check: dependency, of: name }, 'a readiness check failed');
      return [dependency, 'failed'] as const;
    }
  });
  return Object.fromEntries(await Promise.all(results));
}

async function withTimeout(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  await Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
