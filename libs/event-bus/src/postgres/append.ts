import type { Pool } from '@agent-platform/database';
import type { Message } from '../bus.ts';
import { byteaArray, intArray, textArray } from './array-parameters.ts';
import { partitionOf } from './partitions.ts';

/**
 * Appends messages to any number of partitions, in one statement and so in one transaction.
 *
 * Locks: the heads of the partitions, ordered by id, so that two publishers never wait for each other in a circle.
 * A head stays locked until the commit; offsets are therefore gapless and become visible in their order, and a
 * reader that has seen offset n never finds a smaller one later.
 *
 * `heads` runs before `advanced` touches a row, because `advanced` joins it. After a wait both see the newest
 * version of the row, not the one of the statement's snapshot
 * (https://www.postgresql.org/docs/18/transaction-iso.html#XACT-READ-COMMITTED).
 *
 * The position of each message among those of its partition is the caller's count: the statement is then free of
 * sorting. A row has no foreign key to its partition, which `advanced` has just proven to be there.
 */
const APPEND = `
  with heads as materialized (
    select id from bus_partitions where id = any($1::int[]) order by id for no key update
  ), advanced as (
    update bus_partitions p set next_offset = p.next_offset + c.messages
      from heads h join unnest($1::int[], $2::int[]) as c(id, messages) on c.id = h.id
     where p.id = h.id
    returning p.id, p.next_offset - c.messages as first_offset
  )
  insert into bus_messages (partition_id, "offset", key, headers, value)
  select m.partition_id, a.first_offset + m.position, m.key, m.headers, m.value
    from unnest($3::int[], $4::int[], $5::text[], $6::text[], $7::bytea[])
           as m(partition_id, position, key, headers, value)
    join advanced a on a.id = m.partition_id`;

/** Appends and returns the ids of the partitions that have grown. Durable when it resolves. */
export async function append(pool: Pool, partitionIds: readonly number[], messages: readonly Message[]) {
  const targets = messages.map(({ key }) => partitionIds[partitionOf(key, partitionIds.length)]!);
  const counts = new Map<number, number>();
  const positions = targets.map((id) => {
    const position = counts.get(id) ?? 0;
    counts.set(id, position + 1);
    return position;
  });
  await pool.query({
    name: 'bus-append',
    text: APPEND,
    values: [
      intArray(counts.keys()),
      intArray(counts.values()),
      intArray(targets),
      intArray(positions),
      textArray(messages.map(({ key }) => key)),
      textArray(messages.map(({ headers }) => JSON.stringify(headers))),
      // Last: the message to the server grows by copying what it holds so far.
      byteaArray(messages.map(({ value }) => value)),
    ],
  });
  return new Set(counts.keys());
}
