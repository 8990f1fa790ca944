import { join } from 'node:path';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { ensureTopics } from '@agent-platform/event-bus';
import { topics } from '@agent-platform/proto';
import { createLogger } from '@agent-platform/telemetry';
import { startKafka } from '@agent-platform/testing';
import type { Options } from '../options.ts';
import type { IngestResult } from '../report/report.ts';
import { type IngestFigures, startIngest } from './ingest.ts';
import { type Buses, INGEST_VARIANTS } from './ingest-variants.ts';

const logger = createLogger({ level: 'warn', service: 'bench' });

/** All variants, started together and measured in turn, so that each round compares what ran within a minute. */
export async function measureIngest(
  o: Options & { directory: string; leftOut: string[]; say: (line: string) => void },
) {
  await using resources = new AsyncDisposableStack();
  const buses = createBuses(o, resources);
  const running = [];
  for (const { server, ...variant } of INGEST_VARIANTS) {
    // Without the first one there is nothing to compare with.
    if (running.length > 0 && o.only.length > 0 && !o.only.includes(variant.name)) continue;
    const config = await server(buses);
    if (!config) continue;
    o.say(`starting ${variant.name}`);
    running.push({ ...variant, rounds: [] as IngestFigures[], ...(await startIngest(config, resources)) });
  }
  for (let round = 1; round <= o.rounds; round++) {
    for (const { name, rounds, measure } of running) {
      const figures = await measure(o.seconds);
      rounds.push(figures);
      o.say(`round ${round}, ${name}: ${figures.perSecond.toFixed(0)} answers/s`);
    }
  }
  return running.map(({ name, title, aim, rounds }): IngestResult => ({ name, title, aim, rounds }));
}

function createBuses(o: { directory: string; leftOut: string[] }, resources: AsyncDisposableStack): Buses {
  let postgres: Promise<EmbeddedPostgres> | undefined;
  let brokers: Promise<readonly string[] | undefined> | undefined;

  async function startBrokers(): Promise<readonly string[] | undefined> {
    const kafka = await startKafka();
    if (kafka.kind === 'none') {
      o.leftOut.push(`everything with Kafka. ${kafka.reason}`);
      return undefined;
    }
    resources.use(kafka);
    await ensureTopics({ brokers: kafka.brokers, topics: Object.values(topics), logger });
    return kafka.brokers;
  }

  return {
    async postgres(name) {
      const start = () => EmbeddedPostgres.start({ dataDir: join(o.directory, 'bus'), logger });
      postgres ??= start().then((server) => resources.use(server));
      await (await postgres).createDatabase(name);
      return (await postgres).url(name);
    },
    kafka: () => (brokers ??= startBrokers()),
  };
}
