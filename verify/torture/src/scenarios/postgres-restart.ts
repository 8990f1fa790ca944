import { setTimeout as sleep } from 'node:timers/promises';
import { QUICK } from '@agent-platform/harness';
import { number, seconds } from '../report.ts';
import type { Scenario } from './scenario.ts';

const EVERY_MS = 20_000;

/** Events wait in Kafka while there is no database; ingest has none and does not notice. */
export const postgresRestart: Scenario = {
  name: 'postgres-restart',
  title: 'PostgreSQL is restarted under load, half of the times after a crash, and a dispatcher killed meanwhile',
  world: { ingests: 1, dispatchers: 2, brokerProxy: false, restartablePostgres: true },
  eventsPerSecond: 210,
  mix: QUICK,
  async run({ world, load, random, durationMs, say, figure, violate }) {
    const startedMs = performance.now();
    const { dispatchers } = world.cluster;
    let times = 0;
    const counts = { crashes: 0, restarts: 0 };
    while (performance.now() - startedMs < durationMs) {
      await sleep(random.between(EVERY_MS / 2, EVERY_MS));
      const crash = random.chance(0.5);
      const awayMs = random.between(500, 6_000);
      // The first time, and every other: with a batch it could not store, and offsets nobody has seen.
      const killed = times++ % 2 === 0 ? random.pick(dispatchers) : undefined;
      await world.postgres.stop({ crash });
      await sleep(awayMs);
      killed?.kill('SIGKILL');
      await killed?.exited;
      await world.postgres.start();
      await killed?.start();
      counts[crash ? 'crashes' : 'restarts']++;
      say(
        `  PostgreSQL ${crash ? 'crashed' : 'was stopped'} and is back after ${seconds(awayMs)}${killed ? `, ${killed.name} was killed meanwhile` : ''}`,
      );
    }
    await sleep(5_000);
    // Its tokens are known: it has no reason to refuse anybody.
    if (load.ledger.refused > 0) {
      violate({ rule: 'refused without need', subject: 'ingest', detail: `${load.ledger.refused} requests` });
    }
    figure('PostgreSQL', `${number(counts.crashes)} crashes, ${number(counts.restarts)} restarts`);
  },
};
