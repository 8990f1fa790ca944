import { setTimeout as sleep } from 'node:timers/promises';
import { number } from '../report.ts';
import type { Scenario } from './scenario.ts';

const EVERY_MS = 5_000;

/** Dispatchers come and go in order, as a deployment or an autoscaler makes them, faster than runs end. */
export const rebalance: Scenario = {
  name: 'rebalance',
  title: 'dispatchers added and removed every 5 s, with runs that take minutes',
  world: { ingests: 1, dispatchers: 4, brokerProxy: false, restartablePostgres: false },
  eventsPerSecond: 60,
  mix: {
    weights: { 'order.placed': 70, 'order.changed': 29, 'order.worked': 1 },
    slowShare: 0.01,
    slowMs: [5_000, 30_000],
  },
  async run({ world, random, durationMs, say, figure }) {
    const { dispatchers } = world.cluster;
    const startedMs = performance.now();
    const counts = { added: 0, removed: 0 };
    const changing: Promise<unknown>[] = [];
    for (let round = 1; round * EVERY_MS < durationMs; round++) {
      await sleep(Math.max(0, startedMs + round * EVERY_MS - performance.now()));
      const there = dispatchers.filter(({ running }) => running);
      const gone = dispatchers.filter(({ running }) => !running);
      const adds = gone.length > 0 && (there.length === 1 || random.chance(0.5));
      const one = random.pick(adds ? gone : there);
      say(`  ${adds ? 'added' : 'removed'} ${one.name}, of ${there.length}`);
      counts[adds ? 'added' : 'removed']++;
      // Neither is waited for: the next change comes in the middle of this one.
      changing.push(adds ? one.start() : one.stop());
    }
    await Promise.allSettled(changing);
    await Promise.all(dispatchers.filter(({ running }) => !running).map((one) => one.start()));
    figure('dispatchers', `${number(counts.added)} times one added, ${number(counts.removed)} times one removed`);
  },
};
