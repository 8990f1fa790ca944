import { setTimeout as sleep } from 'node:timers/promises';
import { readProgress } from '../check/read-evidence.ts';
import { QUICK } from '@agent-platform/harness';
import { number, seconds } from '../report.ts';
import type { Scenario, Trial } from './scenario.ts';

/** Of the events of an outage, how many at least must have been accepted and stored during it. */
const SHARE = 0.9;

/** What tokens and triggers mean is known where it is needed; only what is new has to wait. */
export const controlPlaneAway: Scenario = {
  name: 'control-plane-away',
  title: 'management-api gone, then token-service too: known tokens and triggers keep working',
  world: { ingests: 2, dispatchers: 2, brokerProxy: false, restartablePostgres: false },
  eventsPerSecond: 210,
  mix: QUICK,
  async run(trial) {
    const { managementApi, tokenService } = trial.world.cluster;
    await sleep(10_000);
    managementApi.kill('SIGKILL');
    await observe(trial, 'without management-api', { runs: true });
    tokenService.kill('SIGKILL');
    // Skills' credentials are asked for right before each call and kept nowhere: runs wait for them.
    await observe(trial, 'without token-service, too', { runs: false });
    await Promise.all([managementApi.exited, tokenService.exited]);
    await Promise.all([managementApi.start(), tokenService.start()]);
    await sleep(10_000);
    const { refused } = trial.load.ledger;
    if (refused > 0) trial.violate({ rule: 'known token refused', subject: 'ingest', detail: `${refused} requests` });
  },
};

async function observe(trial: Trial, when: string, expectation: { readonly runs: boolean }): Promise<void> {
  const { world, load, durationMs, figure, violate } = trial;
  const look = async () => {
    const { events, runs, open } = await readProgress(world.database);
    return { acknowledged: load.ledger.acknowledged, events, runs, ended: runs - open };
  };
  const forMs = durationMs / 2;
  const before = await look();
  await sleep(forMs);
  const after = await look();
  const acknowledged = after.acknowledged - before.acknowledged;
  const events = after.events - before.events;
  const ended = after.ended - before.ended;
  const started = after.runs - before.runs;
  figure(
    when,
    `${seconds(forMs)}: ${number(acknowledged)} acknowledged, ${number(events)} stored, ${number(started)} runs started, ${number(ended)} ended`,
  );
  const few = (what: string) => violate({ rule: 'an outage that is felt', subject: when, detail: what });
  const due = (SHARE * 210 * forMs) / 1_000;
  if (acknowledged < due) few(`only ${acknowledged} acknowledged`);
  if (events === 0 || started === 0) few('no event started a run');
  if (expectation.runs && ended === 0) few('no run came to its end');
}
