import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { checkWritable, createPool, mapDatabaseFaults, migrate, prismaAdapter } from '@agent-platform/database';
import type { EventBus } from '@agent-platform/event-bus';
import { DeadLetterService, EventService, ReplayService, RunService } from '@agent-platform/proto';
import type { Routes } from '@agent-platform/rpc';
import type { Service } from '@agent-platform/runtime';
import type { Logger, Metrics } from '@agent-platform/telemetry';
import { createConfigurationCache, type ConfigurationSource } from './configuration/configuration-cache.ts';
import type { DispatcherConfig } from './config.ts';
import { consumeDeadLetters } from './dead-letters/consume-dead-letters.ts';
import { consumeWebhookEvents, webhookEventsHandler } from './events/consume-events.ts';
import { startRedriving } from './dead-letters/redrive.ts';
import { startDecidingLater } from './events/decide-later.ts';
import { PrismaClient } from './generated/prisma/client.ts';
import { createDispatcherMetrics } from './metrics.ts';
import { createModels } from './agent/models.ts';
import { startReplayer } from './replays/start-replayer.ts';
import { deadLetterService } from './rpc/dead-letter-service.ts';
import { eventService } from './rpc/event-service.ts';
import { replayService } from './rpc/replay-service.ts';
import { runService } from './rpc/run-service.ts';
import { startRetention } from './retention/start-retention.ts';
import { createCircuits } from './tools/circuits.ts';
import type { Credentials, Mcp } from './execution/execution.ts';
import { createRunWriter } from './execution/run-writer.ts';
import { shareCredentials } from './tools/share-credentials.ts';
import { startWorkers } from './execution/workers.ts';
import { createSchemaChecker } from './tools/schema-checker.ts';
import { measureQueue } from './store/runs/measure-queue.ts';
import { createTemplateRenderer } from './templates/renderer.ts';
import { createThreadPool } from './threads/pool.ts';

export interface DispatcherDeps {
  readonly databaseUrl: string;
  readonly bus: Pick<EventBus, 'subscribe' | 'check'>;
  /** management-api */
  readonly configuration: ConfigurationSource;
  /** token-service */
  readonly credentials: Credentials;
  readonly mcp: Mcp;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export const migrationsDir = join(import.meta.dirname, '../prisma/migrations');

const MEASURE_EVERY_MS = 10_000;

/** Workers hold no connection while they wait for servers and models, and write together: a few serve any number. */
const MAX_CONNECTIONS = 12;

/** Stores events, matches them with triggers, and executes the runs they start. */
export async function createDispatcher(config: DispatcherConfig, deps: DispatcherDeps): Promise<Service<Routes>> {
  const { bus, logger } = deps;
  await migrate({ url: deps.databaseUrl, migrationsDir });
  await using resources = new AsyncDisposableStack();
  const pool = createPool({
    url: deps.databaseUrl,
    applicationName: 'dispatcher',
    max: MAX_CONNECTIONS,
    // A plan that was made while a table was small must not read all of it when it has grown, until somebody analyzes it.
    settings: { enable_seqscan: 'off' },
    logger,
  });
  resources.defer(() => pool.end());
  const prisma = new PrismaClient({ adapter: prismaAdapter(pool) });
  resources.defer(() => prisma.$disconnect());

  const metrics = createDispatcherMetrics(deps.metrics);
  const measuring = setInterval(() => {
    measureQueue(pool).then(
      ({ depth, oldestSeconds }) => metrics.queue(depth, oldestSeconds),
      (error: unknown) => logger.warn({ err: error }, 'the queue cannot be measured'),
    );
  }, MEASURE_EVERY_MS);
  resources.defer(() => clearInterval(measuring));

  const circuits = createCircuits(config.circuit, {
    nowMs: () => performance.now(),
    onChange(key, state) {
      metrics.circuit(state);
      logger.warn({ circuit: key }, `circuit ${state}`);
    },
  });
  const writer = resources.use(createRunWriter(pool));
  const threads = resources.use(createThreadPool());
  const workers = startWorkers(config.workers, {
    pool,
    writer,
    logger,
    metrics,
    mcp: deps.mcp,
    credentials: shareCredentials(deps.credentials),
    models: createModels(config.models),
    retry: config.retry,
    maxResultBytes: config.maxResultBytes,
    circuits,
    schemas: createSchemaChecker(threads),
    templates: createTemplateRenderer(threads),
  });
  resources.use(workers);
  const wake = () => workers.wake();
  const configurations = createConfigurationCache(deps.configuration, logger);
  resources.use(startDecidingLater({ pool, configurations, logger, wake }));
  const handler = webhookEventsHandler({ pool, configurations, logger, metrics, wake });
  const consumer = resources.use(await consumeWebhookEvents(bus, handler));
  const deadLetters = resources.use(await consumeDeadLetters(bus, { pool, logger, metrics }));
  resources.use(startRedriving({ pool, handler, logger }));
  resources.use(startReplayer({ pool, configurations, logger, wake, pollMs: config.workers.pollMs }));
  resources.use(startRetention(config.retention, { pool, logger, onDeleted: metrics.deleted }));

  const owned = resources.move();
  return {
    name: 'dispatcher',
    routes: (router) => {
      const events = eventService({ prisma, pool, configurations, source: deps.configuration, wake });
      router.service(EventService, mapDatabaseFaults(events));
      router.service(ReplayService, mapDatabaseFaults(replayService({ prisma, pool })));
      const { maxOfTenant } = config.workers;
      router.service(RunService, mapDatabaseFaults(runService({ prisma, pool, configurations, maxOfTenant, wake })));
      router.service(DeadLetterService, mapDatabaseFaults(deadLetterService({ prisma, pool, handler, logger })));
    },
    checks: {
      database: () => checkWritable(pool),
      bus: () => bus.check(),
      events: () => consumer.check(),
      'dead-letters': () => deadLetters.check(),
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
