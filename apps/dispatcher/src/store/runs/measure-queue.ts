import type { Pool } from '@agent-platform/database';
import { DUE } from './due.ts';

/** Measuring goes no further: a backlog is long, and many triggers have one, long before. */
export const MOST_MEASURED = 10_000;

/**
 * Counts due runs up to a limit, and looks for the oldest at the head of each trigger's queue, one step in the index for
 * each, up to the same limit. Takes no locks. Runs under a lease are not due.
 */
const MEASURE_QUEUE = `
  with recursive head (org_id, trigger_id, claimable_at, number) as (
    select '', '', null::timestamptz, 0
    union all
    select next.*, number + 1
    from head cross join lateral (
      select org_id, trigger_id, claimable_at from runs
      where ${DUE} and (org_id, trigger_id) > (head.org_id, head.trigger_id)
      order by org_id, trigger_id, claimable_at limit 1
    ) as next
    where number < ${MOST_MEASURED}
  )
  select (select count(*)::int from (select from runs where ${DUE} order by org_id limit ${MOST_MEASURED}) as counted) as depth,
         (select coalesce(extract(epoch from now() - min(claimable_at)), 0)::float8 from head) as oldest_seconds`;

export async function measureQueue(pool: Pool): Promise<{ depth: number; oldestSeconds: number }> {
  const { rows } = await pool.query<{ depth: number; oldest_seconds: number }>(MEASURE_QUEUE);
  return { depth: rows[0]!.depth, oldestSeconds: rows[0]!.oldest_seconds };
}
