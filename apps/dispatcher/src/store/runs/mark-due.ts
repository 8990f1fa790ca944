import type { Pool } from '@agent-platform/database';

/**
 * Retries whose time has come and runs whose lease has ended may be claimed from now on. In batches, those that wait
 * longest first; a row that is just being written is left for the next time. Runs this process holds itself ($2) are
 * left out: after a pause longer than the lease, its own heartbeat renews them. An index of its own holds exactly what
 * is not due yet.
 */
const MARK_DUE = `
  update runs set due = true
  where id = any (array(
    select id from runs
    where not due and status in ('queued', 'running') and claimable_at <= now() and id <> all ($2::text[])
    order by claimable_at
    limit $1
    for update skip locked
  ))`;

/** @returns how many runs were marked. */
export async function markDue(
  pool: Pool,
  o: { readonly limit: number; readonly held: readonly string[] },
): Promise<number> {
  const { rowCount } = await pool.query({ name: 'mark-due', text: MARK_DUE, values: [o.limit, o.held] });
  return rowCount ?? 0;
}
