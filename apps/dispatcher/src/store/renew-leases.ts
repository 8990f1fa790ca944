import type { Pool } from '@agent-platform/database';

/**
 * One heartbeat for every run a process holds. A run that another worker has claimed meanwhile has a higher epoch and
 * is not renewed. Locks each row for the length of the statement; a worker that claims skips the locked ones.
 */
const RENEW_LEASES = `
  update runs set claimable_at = now() + $3 * interval '1 ms'
  from unnest($1::text[], $2::int[]) as held (id, epoch)
  where runs.id = held.id and runs.epoch = held.epoch and runs.status = 'running'
  returning runs.id`;

/** @returns the ids of the runs that are still held. */
export async function renewLeases(
  pool: Pool,
  o: { readonly held: readonly { readonly id: string; readonly epoch: number }[]; readonly leaseMs: number },
): Promise<ReadonlySet<string>> {
  const values = [o.held.map(({ id }) => id), o.held.map(({ epoch }) => epoch), o.leaseMs];
  const { rows } = await pool.query<{ id: string }>({ name: 'renew-leases', text: RENEW_LEASES, values });
  return new Set(rows.map(({ id }) => id));
}
