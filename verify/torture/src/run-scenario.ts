import type { Env } from '@agent-platform/config';
import type { Violation } from './check/evidence.ts';
import { untilDrained } from './drain.ts';
import { judge, noteLoad } from './judge.ts';
import { startLoad, type Random, type Say } from '@agent-platform/harness';
import { seconds, type Result } from './report.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { watchProgress } from './watch-progress.ts';
import { createWorld } from './world/world.ts';

export interface RunOptions {
  readonly minutes: number;
  readonly random: Random;
  readonly env?: Env;
  /** Keeps logs and data of a run with violations. */
  readonly keepEvidence: boolean;
  /** Called with the directory of the services' logs. */
  readonly beforeEnd?: (directory: string) => Promise<void>;
  readonly say: Say;
}

/** One scenario from an empty platform to the comparison of what everybody knows. */
export async function runScenario(scenario: Scenario, o: RunOptions): Promise<Result> {
  const { say } = o;
  const random = o.random.fork(scenario.name);
  say(`${scenario.name}: ${scenario.title}`);
  await using world = await createWorld({ ...scenario.world, random, env: o.env ?? {} });
  const figures = new Map<string, string>();
  const violations: Violation[] = [];
  const startedMs = performance.now();
  const load = startLoad({
    urls: world.cluster.ingests.map(({ url }) => url),
    sources: world.sources,
    random: random.fork('load'),
    eventsPerSecond: scenario.eventsPerSecond,
    mix: scenario.mix,
  });
  const { ledger } = load;
  const stopReporting = watchProgress(world, ledger, say);
  try {
    await scenario.run({
      world,
      load,
      random: random.fork('faults'),
      durationMs: o.minutes * 60_000,
      say,
      figure: (name, value) => void figures.set(name, value),
      violate: (violation) => void violations.push(violation),
    });
    const loadMs = performance.now() - startedMs;
    await load.stop();
    noteLoad(figures, ledger, loadMs);
    const drainedMs = await untilDrained(world.database, ledger);
    figures.set('backlog drained in', drainedMs === undefined ? 'never' : seconds(drainedMs));
  } finally {
    await stopReporting();
    await load.stop();
  }
  await o.beforeEnd?.(world.directory);
  violations.push(...(await judge(world, ledger, figures)));
  if (violations.length > 0 && o.keepEvidence) {
    world.keepDirectory();
    figures.set('logs and data', world.directory);
  }
  return { scenario: scenario.name, figures, violations };
}
