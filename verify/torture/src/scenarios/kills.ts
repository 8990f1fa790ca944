import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '@agent-platform/cluster';
import { planFaults, type Fault } from '../faults/plan-faults.ts';
import { QUICK } from '@agent-platform/harness';
import { number, seconds } from '../report.ts';
import type { Scenario } from './scenario.ts';

/** Every service is killed in turn, some are paused or stopped instead, while the load goes on. */
export const kills: Scenario = {
  name: 'kills',
  title: 'kill -9 of each service in turn, a pause or an orderly stop now and then',
  world: { ingests: 2, dispatchers: 2, brokerProxy: false, restartablePostgres: false },
  eventsPerSecond: 230,
  mix: QUICK,
  async run({ world, random, durationMs, say, figure }) {
    const { processes } = world.cluster;
    const faults = planFaults(
      random,
      processes.map(({ name }) => name),
      durationMs,
    );
    const startedMs = performance.now();
    const done: Fault[] = [];
    let slowestStartMs = 0;
    for (const fault of faults) {
      const untilMs = startedMs + fault.atMs - performance.now();
      await sleep(Math.max(0, untilMs));
      const startMs = await inflict(
        processes.find(({ name }) => name === fault.process)!,
        fault,
      );
      slowestStartMs = Math.max(slowestStartMs, startMs);
      done.push(fault);
      say(
        `  ${seconds(fault.atMs).padStart(8)}  ${fault.kind} ${fault.process} for ${seconds(fault.forMs)}, ready again after ${seconds(startMs)}`,
      );
    }
    await sleep(Math.max(0, startedMs + durationMs - performance.now()));
    const count = (kind: string) => number(done.filter((fault) => fault.kind === kind).length);
    figure('kill -9', count('kill'));
    figure('SIGSTOP and SIGCONT', count('pause'));
    figure('orderly stops', count('stop'));
    figure('slowest start', seconds(slowestStartMs));
  },
};

/** @returns how long the process took to be ready again. */
async function inflict(process: ServiceProcess, { kind, forMs }: Fault): Promise<number> {
  if (kind === 'pause') {
    process.kill('SIGSTOP');
    await sleep(forMs);
    process.kill('SIGCONT');
    return 0;
  }
  if (kind === 'kill') process.kill('SIGKILL');
  else await process.stop();
  await process.exited;
  await sleep(forMs);
  const startMs = performance.now();
  await process.start();
  return performance.now() - startMs;
}
