import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '@agent-platform/database';
import { readProgress, type Progress } from './check/read-evidence.ts';
import type { Ledger } from '@agent-platform/harness';

const LOOK_EVERY_MS = 500;
/** What was published without an answer comes in by then. */
const QUIET_MS = 3_000;
/** Longer than any backoff, lease or tool: runs that do not move for so long do not move any more. */
const RUNS_STALLED_MS = 120_000;
/** Longer than any session, rebalance or watchdog of a consumer. */
const EVENTS_STALLED_MS = 60_000;

/**
 * Waits until everything acknowledged is stored and every run has ended, as long as that gets on.
 *
 * @returns how long it took; undefined if it came to a standstill.
 */
export async function untilDrained(database: Pool, { sendings }: Ledger): Promise<number | undefined> {
  const acknowledged = sendings.flatMap(({ eventId }) => (eventId === undefined ? [] : [eventId]));
  const startedMs = performance.now();
  let last: { readonly progress: Progress; readonly sinceMs: number } | undefined;
  for (;;) {
    const progress = await readProgress(database);
    const nowMs = performance.now();
    const moved = !last || progress.events !== last.progress.events || progress.open !== last.progress.open;
    if (moved) last = { progress, sinceMs: nowMs };
    const stillMs = nowMs - last!.sinceMs;
    const done = progress.open === 0 && stillMs > QUIET_MS && (await missing(database, acknowledged)) === 0;
    if (done) return last!.sinceMs - startedMs;
    if (stillMs > (progress.open > 0 ? RUNS_STALLED_MS : EVENTS_STALLED_MS)) return undefined;
    await sleep(LOOK_EVERY_MS);
  }
}

async function missing(database: Pool, ids: readonly string[]): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from unnest($1::text[]) as wanted (id) left join events using (id)
      where events.id is null`,
    [ids],
  );
  return rows[0]!.count;
}
