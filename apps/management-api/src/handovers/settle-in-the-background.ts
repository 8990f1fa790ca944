import type { Pool } from '@agent-platform/database';
import { repeat } from '@agent-platform/runtime';
import type { Logger } from '@agent-platform/telemetry';
import type { Handover, Settle } from './settle.ts';

const PAUSE_MS = 2_000;
const BATCH = 20;

// Taking one closes it: whoever still is at the change finds out when they write. The next try is due twice as late
// each time, up to about an hour, so that a token-service that is away for long is not asked for everything at once.
const TAKE = `
  update handovers h
  set is_open = false, attempts = attempts + 1, due_at = $1::timestamptz + interval '15 s' * power(2, least(attempts, 8))
  from (select id from handovers where due_at <= $1 order by due_at limit $2 for update skip locked) due
  where h.id = due.id
  returning h.id, org_id as "orgId", owner_id as "ownerId"`;

const END = 'delete from handovers where id = any($1)';

export interface BackgroundOptions {
  readonly pool: Pick<Pool, 'query'>;
  readonly settle: Settle;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Finishes or undoes what was left: by processes that died, and while token-service was away. */
export function settleInTheBackground({ pool, settle, logger, clock }: BackgroundOptions): AsyncDisposable {
  /** @returns whether there may be more. */
  async function pass(): Promise<boolean> {
    const { rows } = await pool.query<Handover>(TAKE, [new Date(clock()), BATCH]);
    if (rows.length === 0) return false;
    const settled = await Promise.all(rows.map(async (row) => ((await settle(row)) ? [row.id] : [])));
    await pool.query(END, [settled.flat()]);
    return rows.length === BATCH;
  }

  return repeat(async () => {
    const more = await pass().catch((err: unknown) => {
      logger.warn({ err }, 'changes cannot be handed over to token-service right now');
      return false;
    });
    return more ? 0 : PAUSE_MS;
  });
}
