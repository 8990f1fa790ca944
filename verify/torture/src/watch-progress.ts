import { setTimeout as sleep } from 'node:timers/promises';
import { readProgress } from './check/read-evidence.ts';
import type { Ledger, Say } from '@agent-platform/harness';
import { number, seconds } from './report.ts';
import type { World } from './world/world.ts';

const EVERY_MS = 10_000;

/** Says how it is going, until the function it returns is called. */
export function watchProgress(world: World, ledger: Ledger, say: Say): () => Promise<void> {
  const stopping = new AbortController();
  const startedMs = performance.now();
  const reporting = (async () => {
    let before = 0;
    for (;;) {
      await sleep(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      const stored = await readProgress(world.database).catch(() => undefined);
      const perSecond = (1_000 * (ledger.acknowledged - before)) / EVERY_MS;
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
