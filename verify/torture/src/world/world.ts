import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, createPool, type Pool } from '@agent-platform/database';
import type { Env } from '@agent-platform/config';
import { createLogger } from '@agent-platform/telemetry';
import { Api } from '@agent-platform/client';
import { Cluster, guard } from '@agent-platform/cluster';
import { startCanary, type Canary } from '../canary/canary.ts';
import { startWorkingModel } from '../canary/working-model.ts';
import { installFenceWatch, signature } from '../check/fence-watch.ts';
import {
  type LoadedSource,
  type Random,
  NoKafkaError,
  startTorturedKafka,
  type TorturedKafka,
} from '@agent-platform/harness';
import { startPostgres, type RestartablePostgres } from './postgres.ts';
import { provisionSources } from './sources.ts';

export interface WorldOptions {
  readonly ingests: number;
  readonly dispatchers: number;
  /** Ingest reaches the broker through a proxy that can be broken. */
  readonly brokerProxy: boolean;
  readonly restartablePostgres: boolean;
  readonly random: Random;
  /** What every service gets in addition. */
  readonly env: Env;
}

/** The platform as processes, everything around it, and ways to break each part. */
export interface World extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly kafka: TorturedKafka;
  readonly postgres: RestartablePostgres;
  readonly canary: Canary;
  readonly api: Api;
  readonly sources: readonly LoadedSource[];
  /** The dispatcher's. */
  readonly database: Pool;
  /** Has every process's log; gone afterwards unless it is kept. */
  readonly directory: string;
  keepDirectory(): void;
  /** How the fence watch calls the worker on this process. */
  workerOf(process: { readonly url: string }): string;
}

export async function createWorld(o: WorldOptions): Promise<World> {
  await using resources = new AsyncDisposableStack();
  const logger = createLogger({ level: 'silent', service: 'torture' });
  const directory = await mkdtemp(join(tmpdir(), 'agent-platform-torture-'));
  let keep = false;
  resources.defer(async () => {
    if (!keep) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  resources.use(guard(directory, { remove: true }));
  const kafka = await startTorturedKafka();
  if (kafka.kind === 'none') throw new NoKafkaError(kafka.reason);
  resources.use(kafka);
  const postgres = resources.use(await startPostgres({ directory, restartable: o.restartablePostgres, logger }));
  const databases = {
    'token-service': postgres.url('token_service'),
    'management-api': postgres.url('management'),
    dispatcher: postgres.url('dispatcher'),
  };
  await Promise.all(
    Object.values(databases).map((url) => createDatabase(postgres.url('postgres'), new URL(url).pathname.slice(1))),
  );
  const canary = resources.use(await startCanary(o.random.fork('canary')));
  const model = resources.use(await startWorkingModel());
  const cluster = resources.use(
    await Cluster.create({
      ingests: o.ingests,
      dispatchers: o.dispatchers,
      dataDir: directory,
      databases,
      busUrl: kafka.url,
      environment: (service, env) => ({
        ...env,
        LOG_LEVEL: 'info',
        ...(service === 'ingest' && o.brokerProxy && { EVENT_BUS_URL: kafka.proxiedUrl }),
        ...(service === 'dispatcher' && {
          ...signature(workerOnPort(env['PORT']!)),
          OPENAI_BASE_URL: model.openaiUrl,
          OPENAI_API_KEY: 'scripted',
        }),
        ...o.env,
      }),
    }),
  );
  const database = createPool({ url: databases.dispatcher, applicationName: 'torture', max: 2, logger });
  resources.defer(() => database.end());
  await installFenceWatch(database);
  const api = await Api.connect(cluster.url);
  const sources = await provisionSources(api, canary);
  const owned = resources.move();
  return {
    cluster,
    kafka,
    postgres,
    canary,
    api,
    sources,
    database,
    directory,
    keepDirectory: () => void (keep = true),
    workerOf: ({ url }) => workerOnPort(new URL(url).port),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const workerOnPort = (port: string) => `worker-${port}`;
