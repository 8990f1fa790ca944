import { askOnDemand } from '../on-demand.ts';
import type { Kafka, NoKafka } from './kafka.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a worker asks for the run's Kafka. */
    kafkaSocket: string;
  }
}

/** The brokers, or why there are none. */
export type SharedKafka = Pick<Kafka, 'kind' | 'brokers'> | NoKafka;

/**
 * The one Kafka of a run of vitest, started when it is first asked for. Use topics and groups of your own, and leave
 * it running: tests that stop a broker start one for themselves.
 *
 * Works inside vitest only (`globalSetup: libs/testing/src/global-setup.ts`).
 */
export async function sharedKafka(): Promise<SharedKafka> {
  // Loaded here only, because this package is also used outside vitest.
  const { inject } = await import('vitest');
  return JSON.parse(await askOnDemand(inject('kafkaSocket'))) as SharedKafka;
}
