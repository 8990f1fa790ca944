import type { Pool } from '@agent-platform/database';

/**
 * One heartbeat for every run a process holds. A run that another worker has claimed meanwhile has a higher epoch and
 * is not renewed. Locks the rows for the length of the statement, in the order of their ids as write-runs does, so that
 * the two cannot wait for each other; a worker that claims skips the locked ones.
 */
const RENEW_LEASES = `
  with held as (
    select runs.id
    from runs join unnest($1::text[], $2::int[]) as claimed (id, epoch) using (id, epoch)
    where runs.status = 'running'
    order by runs.id
    for no key update of runs
  )
  update runs set due = false, claimable_at = now() + $3 * interval '1 ms'
  from held where runs.id = held.id
  returning runs.id, runs.cancel_requested_at is not null as cancel_requested`;

interface Row {
  id: string;
  cancel_requested: boolean;
}

/** @returns whether each run that is still held is to be cancelled, by its id. */
export async function renewLeases(
  pool: Pool,
  o: { readonly held: readonly { readonly id: string; readonly epoch: number }[]; readonly leaseMs: number },
): Promise<ReadonlyMap<string, boolean>> {
  const values = [o.held.map(({ id }) => id), o.held.map(({ epoch }) => epoch), o.leaseMs];
  const { rows } = await pool.query<Row>({ name: 'renew-leases', text: RENEW_LEASES, values });
  return new Map(rows.map(({ id, cancel_requested: cancelRequested }) => [id, cancelRequested]));
}
