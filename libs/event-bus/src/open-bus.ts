import { connectionOptions } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import { createKafkaBus } from './bus-kafka.ts';
import { createPostgresBus } from './bus-postgres.ts';
import type { EventBus } from './bus.ts';
import type { KafkaSecurity } from './kafka/security.ts';
import { inNamespace } from './namespace.ts';

/** The schemes `openBus` knows, for a configuration to check. */
export const BUS_PROTOCOLS = ['postgres', 'postgresql', 'kafka'] as const;

export interface OpenBusOptions {
  /** `postgresql://…/database`, or `kafka://host:port,host:port` with an optional `/namespace`. */
  readonly url: string;
  /** What the broker calls this process in its logs and quotas. */
  readonly clientId: string;
  /** Of a Kafka: `kafkaSecurityOf`. The URL of a PostgreSQL says it all. */
  readonly security?: KafkaSecurity | undefined;
  readonly logger: Logger;
}

export interface KafkaUrl {
  readonly brokers: readonly string[];
  /** Keeps several platforms on one Kafka apart, as the database's name does on one PostgreSQL. */
  readonly namespace?: string;
}

const BROKER = /^([\w.-]+|\[[0-9a-f:.]+\]):\d{1,5}$/i;
const NAMESPACE = /^[\w.-]{1,100}$/;

/**
 * Opens the event bus that a URL names; its scheme chooses the driver.
 *
 * @throws AppError `config_invalid`; `unavailable` when nothing answers there yet.
 */
export async function openBus({ url, clientId, security, logger }: OpenBusOptions): Promise<EventBus> {
  checkBusOptions({ url, security });
  if (!url.startsWith('kafka:')) return createPostgresBus({ url, logger });
  const { brokers, namespace } = parseKafkaUrl(url);
  const bus = await createKafkaBus({ brokers, clientId, security, logger });
  return namespace === undefined ? bus : inNamespace(bus, namespace);
}

/** Without opening anything. @throws AppError `config_invalid` */
export function checkBusOptions({ url, security = {} }: Pick<OpenBusOptions, 'url' | 'security'>): void {
  if (url.startsWith('kafka:')) return void parseKafkaUrl(url);
  connectionOptions(url);
  if (Object.keys(security).length === 0) return;
  const message = 'EVENT_BUS_TLS and EVENT_BUS_SASL_… are of kafka://; the URL of a PostgreSQL has sslmode for it.';
  throw new AppError('invalid_argument', 'config_invalid', message);
}

/** @throws AppError `config_invalid` */
export function parseKafkaUrl(url: string): KafkaUrl {
  const [, hosts = '', path = ''] = /^kafka:\/\/([^/]*)(?:\/(.*))?$/s.exec(url) ?? [];
  const brokers = hosts.split(',').map((host) => host.trim());
  if (!brokers.every((broker) => BROKER.test(broker)) || (path !== '' && !NAMESPACE.test(path))) {
    const message = 'The URL of a Kafka has to look like kafka://host:9092,host:9092 or kafka://host:9092/namespace.';
    throw new AppError('invalid_argument', 'config_invalid', message);
  }
  return { brokers, ...(path !== '' && { namespace: path }) };
}
