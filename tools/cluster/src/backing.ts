import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabase } from '@agent-platform/database';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { ensureTopics, everyTopic, kafkaSecurityOf, kafkaVariables, parseKafkaUrl } from '@agent-platform/event-bus';
import { readEnv, type Env } from '@agent-platform/config';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import { startKafka } from '@agent-platform/testing';
import type { Databases } from './environments.ts';

const NAMES = { 'token-service': 'token_service', 'management-api': 'management', dispatcher: 'dispatcher' } as const;

/**
 * One database per service: on the server that `DATABASE_URL` names, by a user who may create databases, or on an
 * embedded one.
 */
export async function provideDatabases(
  resources: AsyncDisposableStack,
  o: { directory: string; env: Env; logger: Logger },
): Promise<Databases> {
  const url = await serverUrl(resources, o);
  const own = async (name: string) => {
    await createDatabase(url, name);
    return Object.assign(new URL(url), { pathname: `/${name}` }).href;
  };
  const entries = Object.entries(NAMES).map(async ([service, name]) => [service, await own(name)] as const);
  return Object.fromEntries(await Promise.all(entries)) as unknown as Databases;
}

async function serverUrl(
  resources: AsyncDisposableStack,
  o: { directory: string; env: Env; logger: Logger },
): Promise<string> {
  if (o.env['DATABASE_URL']) return o.env['DATABASE_URL'];
  // The guard looks for it there.
  const dataDir = join(o.directory, 'postgres');
  await mkdir(dataDir, { recursive: true });
  return resources.use(await EmbeddedPostgres.start({ dataDir, logger: o.logger })).url('postgres');
}

/** A Kafka: `KAFKA_BROKERS`, or one that is started. @throws AppError when there is none, saying why. */
export async function provideKafka(resources: AsyncDisposableStack, env: Env): Promise<string> {
  const kafka = await startKafka({ env: { ...env } });
  if (kafka.kind === 'none') throw new AppError('failed_precondition', 'no_kafka', kafka.reason);
  return `kafka://${resources.use(kafka).brokers.join(',')}`;
}

/** Makes the topics, where the bus does not do so by itself. */
export async function provideTopics(busUrl: string, logger: Logger): Promise<void> {
  if (!busUrl.startsWith('kafka:')) return;
  const { brokers, namespace } = parseKafkaUrl(busUrl);
  const security = kafkaSecurityOf(readEnv(process.env, kafkaVariables));
  await ensureTopics({ brokers, topics: everyTopic(namespace), security, logger });
}
