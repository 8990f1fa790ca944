import { setTimeout as sleep } from 'node:timers/promises';
import { number, seconds } from '../report.ts';
import type { Scenario } from './scenario.ts';

/** With the takeover that a lease of 8 s allows. */
const STOPPED_MS = [12_000, 20_000] as const;
/** A lease, and a look at the queue. */
const TAKEN_OVER_WITHIN_MS = 12_000;

const HELD = `
  select count(*)::int as runs from runs join torture_claims on run_id = runs.id
  where status = 'running' and torture_claims.worker = $1`;

/**
 * A dispatcher that is stopped keeps what it was doing in mind and goes on with it when it is continued, after others
 * have taken over. Whether it writes then is seen by the fence watch.
 */
export const stoppedWorker: Scenario = {
  name: 'stopped-worker',
  title: 'a dispatcher is stopped past its lease with runs in flight, and continued',
  world: { ingests: 1, dispatchers: 2, brokerProxy: false, restartablePostgres: false },
  eventsPerSecond: 40,
  mix: { weights: { 'order.placed': 50, 'order.changed': 50 }, slowShare: 0.008, slowMs: [5_000, 40_000] },
  async run({ world, random, durationMs, say, figure, violate }) {
    const { cluster, database } = world;
    const startedMs = performance.now();
    let times = 0;
    let inFlight = 0;
    let slowestMs = 0;
    do {
      await sleep(random.between(5_000, 9_000));
      const process = random.pick(cluster.dispatchers);
      const stopMs = random.between(...STOPPED_MS);
      const held = async () => (await database.query<{ runs: number }>(HELD, [world.workerOf(process)])).rows[0]!.runs;
      process.kill('SIGSTOP');
      const stoppedMs = performance.now();
      const before = await held();
      let takenOverMs: number | undefined;
      while (performance.now() - stoppedMs < stopMs) {
        if (takenOverMs === undefined && (await held()) === 0) takenOverMs = performance.now() - stoppedMs;
        await sleep(100);
      }
      process.kill('SIGCONT');
      times++;
      inFlight += before;
      say(
        `  ${process.name} stopped for ${seconds(stopMs)} with ${before} runs, taken over after ${takenOverMs === undefined ? 'all this time not' : seconds(takenOverMs)}`,
      );
      slowestMs = Math.max(slowestMs, takenOverMs ?? stopMs);
    } while (performance.now() - startedMs < durationMs);
    await sleep(5_000);
    if (inFlight === 0)
      violate({ rule: 'nothing was proven', subject: 'stopped-worker', detail: 'no run was in flight' });
    if (slowestMs > TAKEN_OVER_WITHIN_MS)
      violate({ rule: 'taken over too late', subject: 'dispatcher', detail: seconds(slowestMs) });
    figure('SIGSTOP past the lease', `${number(times)} times, ${number(inFlight)} runs in flight`);
    figure('taken over after', `${seconds(slowestMs)} at the slowest`);
  },
};
