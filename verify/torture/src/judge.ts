import { check } from './check/check.ts';
import { checkPublicApi } from './check/check-public-api.ts';
import type { Violation } from './check/evidence.ts';
import { readTrespasses } from './check/fence-watch.ts';
import { readDelays, readStored } from './check/read-evidence.ts';
import type { Ledger } from '@agent-platform/harness';
import { number, seconds } from './report.ts';
import { expected } from './world/sources.ts';
import type { World } from './world/world.ts';

/** Gathers what everybody knows and compares it. */
export async function judge(world: World, ledger: Ledger, figures: Map<string, string>): Promise<Violation[]> {
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

/** What senders saw. */
export function noteLoad(figures: Map<string, string>, ledger: Ledger, loadMs: number): void {
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
