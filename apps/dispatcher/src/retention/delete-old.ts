import { setTimeout as sleep } from 'node:timers/promises';
import { transaction, type Pool, type PoolClient } from '@agent-platform/database';
import { newId } from '@agent-platform/ids';
import { deleteOldDeadLetters } from '../store/dead-letters/delete-old-dead-letters.ts';
import { deleteOldEvents, type EventPosition } from '../store/events/delete-old-events.ts';
import { deleteOldPlans } from '../store/plans/delete-old-plans.ts';
import { deleteOldReplays } from '../store/replays/delete-old-replays.ts';
import { deleteOldRuns } from '../store/runs/delete-old-runs.ts';

export interface Batches {
  /** Runs or events per transaction, at most. */
  readonly size: number;
  /** Between transactions, for everybody else. */
  readonly pauseMs: number;
}

export interface Deleted {
  readonly runs: number;
  readonly steps: number;
  readonly events: number;
  readonly duplicates: number;
  readonly plans: number;
  readonly replays: number;
  readonly deadLetters: number;
}

/** `next`: where to go on; undefined at the end. */
type Batch<P> = Partial<Deleted> & { readonly next: P | undefined };

/** Held by each batch for its length: whoever does not get it leaves the rest to the one that has it. */
const LOCK = `select pg_try_advisory_xact_lock(hashtext('dispatcher retention')) as mine`;

/**
 * Deletes runs and replays that ended before `before`, and dead letters and events that came before it, events only if they
 * have no run left. A run that has not ended stays, whatever its age, and its event with it.
 *
 * @param onBatch - told what a batch has deleted, once it is committed.
 */
export async function deleteOld(
  pool: Pool,
  o: { readonly before: Date; readonly batches: Batches; readonly signal: AbortSignal },
  onBatch: (deleted: Partial<Deleted>) => void,
): Promise<void> {
  const { before, signal } = o;
  const { size: limit } = o.batches;

  /** From one position to the next, as long as there is one. @returns whether it came to the end. */
  async function walk<P>(from: P, work: (client: PoolClient, after: P) => Promise<Batch<P>>): Promise<boolean> {
    for (let after = from; ;) {
      const done = await transaction(pool, async (client) => {
        const { rows } = await client.query<{ mine: boolean }>(LOCK);
        return rows[0]!.mine ? work(client, after) : undefined;
      });
      if (!done) return false;
      const { next, ...deleted } = done;
      onBatch(deleted);
      if (next === undefined) return true;
      after = next;
      await sleep(o.batches.pauseMs, undefined, { signal });
    }
  }

  const firstTooYoung = newId('run', before.getTime());
  const isMine = await walk('', (client, after) =>
    deleteOldRuns(client, { after, before: firstTooYoung, finishedBefore: before, limit }),
  );
  // Runs first: an event goes when its last run is gone.
  const first: EventPosition = { receivedAt: new Date(0), id: '' };
  if (!isMine || !(await walk(first, (client, after) => deleteOldEvents(client, { after, before, limit })))) return;
  // After the runs: a plan goes when nothing refers to it any more.
  await inBatches('plans', deleteOldPlans);
  await inBatches('replays', deleteOldReplays);
  await inBatches('deadLetters', deleteOldDeadLetters);

  /** The oldest first, until a batch is not full. */
  function inBatches(
    what: keyof Deleted,
    deleteOldest: (client: PoolClient, o: { readonly before: Date; readonly limit: number }) => Promise<number>,
  ): Promise<boolean> {
    return walk(true, async (client) => {
      const count = await deleteOldest(client, { before, limit });
      return { [what]: count, next: count === limit || undefined };
    });
  }
}
