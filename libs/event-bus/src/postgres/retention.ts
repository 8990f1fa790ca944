import type { Pool } from '@agent-platform/database';
import { repeat } from '@agent-platform/runtime';
import type { Logger } from '@agent-platform/telemetry';

const SWEEP_EVERY_MS = 60_000;
const BATCH = 1_000;

/**
 * Deletes the expired among the oldest messages of a partition: the limit comes before the filter, so that a sweep
 * which finds nothing reads one batch and not the whole partition.
 *
 * Locks: the rows it deletes; rows that another process is deleting are skipped. Never the head, so publishers do
 * not notice.
 */
const DELETE = `
  with oldest as (
    select "offset", published_at from bus_messages where partition_id = $1 order by "offset" limit $2
  ), expired as (
    select m."offset" from bus_messages m join oldest using ("offset")
     where m.partition_id = $1 and oldest.published_at < now() - $3 * interval '1 ms'
       for update of m skip locked
  )
  delete from bus_messages m using expired where m.partition_id = $1 and m."offset" = expired."offset"`;

/** Deletes every message older than its topic keeps them, in small transactions. */
export async function deleteExpired(pool: Pool, signal?: AbortSignal): Promise<void> {
  const partitions = await pool.query<{ id: number; retention_ms: string }>(
    'select id, retention_ms from bus_partitions',
  );
  for (const { id, retention_ms: retentionMs } of partitions.rows) {
    for (let deleted = BATCH; deleted === BATCH && !signal?.aborted;) {
      deleted = (await pool.query(DELETE, [id, BATCH, retentionMs])).rowCount ?? 0;
    }
  }
}

/** Sweeps once a minute, in whichever processes there are. */
export function startRetention(pool: Pool, logger: Logger): AsyncDisposable {
  return repeat(async (signal) => {
    await deleteExpired(pool, signal).catch((error: unknown) => logger.warn({ err: error }, 'retention sweep failed'));
    return SWEEP_EVERY_MS;
  }, SWEEP_EVERY_MS);
}
