import type { IngestServer } from './ingest.ts';

/** What the variants can use. */
export interface Buses {
  /** A new database for a bus. */
  postgres(name: string): Promise<string>;
  /** Undefined: there is no Kafka. */
  kafka(): Promise<readonly string[] | undefined>;
}

export interface IngestVariant {
  readonly name: string;
  readonly title: string;
  /** Ratio to the first. */
  readonly aim?: number;
  /** Undefined where what it needs is not there. */
  readonly server: (buses: Buses) => Promise<IngestServer | undefined>;
}

const onPostgres =
  (name: string, oneByOne: boolean): IngestVariant['server'] =>
  async (buses) => ({ bus: { postgres: await buses.postgres(name) }, oneByOne });

const onKafka =
  (oneByOne: boolean): IngestVariant['server'] =>
  async (buses) => {
    const brokers = await buses.kafka();
    return brokers && { bus: { kafka: brokers }, oneByOne };
  };

/** The first one is what the others are compared with. */
export const INGEST_VARIANTS: readonly IngestVariant[] = [
  { name: 'bare', title: 'bare Fastify: JSON in, JSON out', server: async () => 'bare' },
  { name: 'no-publish', title: 'ingest: token, rate, validation, id', aim: 0.7, server: async () => ({ bus: 'none' }) },
  { name: 'postgres', title: 'ingest, durable in PostgreSQL', aim: 0.48, server: onPostgres('bus', false) },
  { name: 'postgres-one-by-one', title: 'the same without batches', server: onPostgres('bus_one_by_one', true) },
  { name: 'kafka', title: 'ingest, durable in Kafka', aim: 0.4, server: onKafka(false) },
  { name: 'kafka-one-by-one', title: 'the same without batches', server: onKafka(true) },
];
