import type { Pool } from '@agent-platform/database';
import type { ReceivedMessage } from '../bus.ts';
import type { Lease } from './leases.ts';

/** What one batch may hold in memory; a single message may be larger. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** Reads without locks: the log only grows at its head, and what is visible there has no gaps. */
const FETCH = `
  select "offset", key, value, headers
    from (select *, sum(octet_length(value)) over (order by "offset") - octet_length(value) as before
            from (select * from bus_messages
                   where partition_id = $1 and "offset" >= $2 order by "offset" limit $3) as next
         ) as sized
   where before < $4
   order by "offset"`;

/** The next messages of a partition, from `position` on. */
export async function fetchBatch(
  pool: Pool,
  { partitionId, partition }: Pick<Lease, 'partitionId' | 'partition'>,
  position: bigint,
  max: number,
): Promise<ReceivedMessage[]> {
  const { rows } = await pool.query<{ offset: string; key: string; value: Buffer; headers: string }>({
    name: 'bus-fetch',
    text: FETCH,
    values: [partitionId, position, max, BATCH_BYTES],
  });
  return rows.map((row) => ({
    partition,
    offset: BigInt(row.offset),
    key: row.key,
    value: row.value,
    headers: JSON.parse(row.headers) as Record<string, string>,
  }));
}
