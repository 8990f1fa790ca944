import { setTimeout as sleep } from 'node:timers/promises';
import type { Env } from '@agent-platform/service';
import { check } from './check/check.ts';
import { checkPublicApi } from './check/check-public-api.ts';
import type { Violation } from './check/evidence.ts';
import { readTrespasses } from './check/fence-watch.ts';
import { readDelays, readProgress, readStored } from './check/read-evidence.ts';
import { untilDrained } from './drain.ts';
import type { Ledger } from './load/ledger.ts';
import { startLoad } from './load/load.ts';
import type { Random } from './random.ts';
import { number, seconds, type Result, type Say } from './report.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { expected } from './world/sources.ts';
import { createWorld, type World } from './world/world.ts';

const REPORT_EVERY_MS = 10_000;

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
  const stopReporting = reportRegularly(world, ledger, say);
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

async function judge(world: World, ledger: Ledger, figures: Map<string, string>): Promise<Violation[]> {
  const { calls } = world.canary;
  const { sendings } = ledger;
  const { events, runs } = await readStored(world.database);
  const trespasses = await readTrespasses(world.database);
  const count = (ended: string) => number(runs.filter(({ status }) => status === ended).length);
  figures.set('events stored', number(events.filter(({ duplicateOf }) => duplicateOf === null).length));
  figures.set(
    'runs',
    `${number(runs.length)}: ${count('succeeded')} succeeded, ${count('failed')} failed, ${count('outcome_unknown')} outcome unknown`,
  );
  const failures = Map.groupBy(
    runs.filter(({ status }) => status === 'failed'),
    ({ errorCode }) => errorCode,
  );
  for (const [code, failed] of failures) figures.set(`failed: ${code}`, number(failed.length));
  const tries = new Set(calls.map(({ key }) => key)).size;
  figures.set(
    'tool calls',
    `${number(calls.length)}, of which ${number(calls.length - tries)} repeated under their key`,
  );
  figures.set('event to run, slowest', seconds(await readDelays(world.database)));
  const wrong = [...ledger.wrongAnswers].map(([what, times]) => ({
    rule: 'wrong answer to a sender',
    subject: what,
    detail: `${times} times`,
  }));
  return [
    ...wrong,
    ...check({ sendings, events, runs, calls, trespasses }, expected),
    ...(await checkPublicApi(world.api, sendings)),
  ];
}

function noteLoad(figures: Map<string, string>, ledger: Ledger, loadMs: number): void {
  const latencies = Float64Array.from(ledger.latenciesMs).sort();
  const at = (share: number) => seconds(latencies[Math.floor(latencies.length * share)] ?? 0);
  figures.set('load', seconds(loadMs));
  figures.set('acknowledged', `${number(ledger.acknowledged)} (${number((1_000 * ledger.acknowledged) / loadMs)}/s)`);
  figures.set(
    'refused with 503 or 429',
    `${number(ledger.refused)}, slowest answer ${seconds(ledger.slowestRefusalMs)}`,
  );
  figures.set('cut, outcome not known', number(ledger.unknown));
  figures.set('acknowledged after', `${at(0.5)} (p50), ${at(0.99)} (p99)`);
  figures.set('longest time without any', seconds(ledger.longestGapMs));
}

function reportRegularly(world: World, ledger: Ledger, say: Say): () => Promise<void> {
  const stopping = new AbortController();
  const startedMs = performance.now();
  const reporting = (async () => {
    let before = 0;
    for (;;) {
      await sleep(REPORT_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const stored = await readProgress(world.database).catch(() => undefined);
      const perSecond = (1_000 * (ledger.acknowledged - before)) / REPORT_EVERY_MS;
      before = ledger.acknowledged;
      const { acknowledged, refused, unknown } = ledger;
      const platform = stored
        ? `${number(stored.events)} stored, ${number(stored.runs)} runs, ${number(stored.open)} open`
        : 'the database does not answer';
      const senders = `${number(acknowledged)} acknowledged (${number(perSecond)}/s), ${number(refused)} refused, ${number(unknown)} cut`;
      const calls = `${number(world.canary.calls.length)} tool calls`;
      say(`  ${seconds(performance.now() - startedMs).padStart(8)}  ${senders} · ${platform} · ${calls}`);
    }
  })();
  return async () => {
    stopping.abort();
    await reporting;
  };
}
