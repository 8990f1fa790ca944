import type { Pool } from '@agent-platform/database';

/**
 * One heartbeat for every run a process holds. A run that another worker has claimed meanwhile has a higher epoch and
 * is not renewed. Locks each row for the length of the statement; a worker that claims skips the locked ones.
 */
const RENEW_LEASES = `
  update runs set claimable_at = now() + $3 * interval '1 ms'
  from unnest($1::text[], $2::int[]) as held (id, epoch)
  where runs.id = held.id and runs.epoch = held.epoch and runs.status = 'running'
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
