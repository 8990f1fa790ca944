import { setTimeout as sleep } from 'node:timers/promises';
import { QUICK } from '@agent-platform/harness';
import { number, seconds } from '../report.ts';
import type { Scenario } from './scenario.ts';

const AWAY_MS = 60_000;
const ANSWER_WITHIN_MS = 5_000;
const RECOVER_WITHIN_MS = 30_000;

/** Senders are told to come back while there is no broker, and nobody has to help afterwards. */
export const brokerAway: Scenario = {
  name: 'broker-away',
  title: 'no Kafka for a minute, again and again',
  world: { ingests: 2, dispatchers: 2, brokerProxy: false, restartablePostgres: false },
  eventsPerSecond: 210,
  mix: QUICK,
  async run({ world, load, random, durationMs, say, figure, violate }) {
    const { control } = world.kafka;
    const { ledger } = load;
    const startedMs = performance.now();
    let slowestRecoveryMs = 0;
    let times = 0;
    // Once at least, and as often as fits.
    do {
      await sleep(random.between(8_000, 15_000));
      const refusedBefore = ledger.refused;
      const crash = random.chance(0.5);
      say(`  the broker ${crash ? 'is killed' : 'stops'}`);
      await (crash ? control.kill() : control.stop());
      await sleep(Math.min(AWAY_MS, durationMs / 2));
      const refused = ledger.refused - refusedBefore;
      await control.start();
      const backMs = performance.now();
      const acknowledged = ledger.acknowledged;
      while (ledger.acknowledged === acknowledged && performance.now() - backMs < RECOVER_WITHIN_MS) await sleep(20);
      const recoveryMs = performance.now() - backMs;
      slowestRecoveryMs = Math.max(slowestRecoveryMs, recoveryMs);
      say(`  the broker is back: ${number(refused)} refusals meanwhile, accepted again after ${seconds(recoveryMs)}`);
      if (refused === 0)
        violate({ rule: 'nobody was refused', subject: 'ingest', detail: 'while there was no broker' });
      if (recoveryMs >= RECOVER_WITHIN_MS) {
        violate({ rule: 'does not recover', subject: 'ingest', detail: `not within ${seconds(RECOVER_WITHIN_MS)}` });
      }
      times++;
      await sleep(10_000);
    } while (performance.now() - startedMs + AWAY_MS < durationMs);
    if (ledger.slowestRefusalMs > ANSWER_WITHIN_MS) {
      violate({ rule: 'refused too late', subject: 'ingest', detail: seconds(ledger.slowestRefusalMs) });
    }
    if (ledger.unknown > 0) violate({ rule: 'not answered', subject: 'ingest', detail: `${ledger.unknown} requests` });
    figure('broker away', `${times} times, ${seconds(Math.min(AWAY_MS, durationMs / 2))} each`);
    figure('accepted again after', `${seconds(slowestRecoveryMs)} at the slowest`);
  },
};
