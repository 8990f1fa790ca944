import type { Pool } from '@agent-platform/database';
import type { Message } from '../bus.ts';
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
 * Values come as one binary parameter, cut by length: an array of bytea would be sent as hexadecimal text.
 */
const APPEND = `
  with input as (
    select partition_id, key, headers, length, ord,
           sum(length) over (order by ord) - length + 1 as start,
           row_number() over (partition by partition_id order by ord) - 1 as position
      from unnest($1::int[], $2::text[], $3::text[], $4::int[]) with ordinality
           as m(partition_id, key, headers, length, ord)
  ), counts as (
    select partition_id, count(*) as messages from input group by partition_id
  ), heads as materialized (
    select id from bus_partitions where id in (select partition_id from counts) order by id for no key update
  ), advanced as (
    update bus_partitions p set next_offset = p.next_offset + c.messages
      from heads h join counts c on c.partition_id = h.id
     where p.id = h.id
    returning p.id, p.next_offset - c.messages as first_offset
  )
  insert into bus_messages (partition_id, "offset", key, value, headers)
  select i.partition_id, a.first_offset + i.position, i.key,
         substring($5::bytea from i.start::int for i.length), i.headers
    from input i join advanced a on a.id = i.partition_id
   order by i.ord`;

/** Appends and returns the ids of the partitions that have grown. Durable when it resolves. */
export async function append(pool: Pool, partitionIds: readonly number[], messages: readonly Message[]) {
  const targets = messages.map(({ key }) => partitionIds[partitionOf(key, partitionIds.length)]!);
  await pool.query({
    name: 'bus-append',
    text: APPEND,
    values: [
      targets,
      messages.map(({ key }) => key),
      messages.map(({ headers }) => JSON.stringify(headers)),
      messages.map(({ value }) => value.byteLength),
      Buffer.concat(messages.map(({ value }) => value)),
    ],
  });
  return new Set(targets);
}
