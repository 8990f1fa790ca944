import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { createLogger } from '@agent-platform/telemetry';
import type { TestProject } from 'vitest/node';
import { startKafka } from './kafka/start-kafka.ts';
import { serveOnDemand } from './on-demand.ts';

/**
 * One PostgreSQL and one Kafka for the whole run of vitest, in the temp directory, each started when the first test
 * asks for it: a run of unit tests pays nothing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'agent-platform-test-'));
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  // Vitest does not tear down when it is interrupted.
  process.once('exit', remove);
  resources.defer(() => {
    process.off('exit', remove);
    remove();
  });
  const logger = createLogger({ level: 'warn', service: 'test' });

  const postgresSocket = join(directory, 'postgres.sock');
  const startPostgres = async () => {
    const dataDir = join(directory, 'postgres');
    const postgres = await EmbeddedPostgres.start({ dataDir, durable: false, logger });
    return { answer: postgres.url('postgres'), [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose]() };
  };
  resources.use(await serveOnDemand(postgresSocket, startPostgres));
  project.provide('postgresSocket', postgresSocket);

  const kafkaSocket = join(directory, 'kafka.sock');
  const startSharedKafka = async () => {
    const kafka = await startKafka();
    if (kafka.kind === 'none') return { answer: JSON.stringify(kafka), [Symbol.asyncDispose]: async () => undefined };
    const { kind, brokers } = kafka;
    return { answer: JSON.stringify({ kind, brokers }), [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose]() };
  };
  resources.use(await serveOnDemand(kafkaSocket, startSharedKafka));
  project.provide('kafkaSocket', kafkaSocket);

  const owned = resources.move();
  return () => owned.disposeAsync();
}
