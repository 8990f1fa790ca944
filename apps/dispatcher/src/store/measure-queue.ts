import type { Pool } from '@agent-platform/database';

/** Reads the queue's partial index only, and takes no locks. Runs under a lease are not due. */
const MEASURE_QUEUE = `
  select count(*)::int as depth, coalesce(extract(epoch from now() - min(claimable_at)), 0)::float8 as oldest_seconds
  from runs where status in ('queued', 'running') and claimable_at <= now()`;

export async function measureQueue(pool: Pool): Promise<{ depth: number; oldestSeconds: number }> {
  const { rows } = await pool.query<{ depth: number; oldest_seconds: number }>(MEASURE_QUEUE);
  return { depth: rows[0]!.depth, oldestSeconds: rows[0]!.oldest_seconds };
}
