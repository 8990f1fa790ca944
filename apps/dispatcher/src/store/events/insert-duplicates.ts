import { hash } from 'node:crypto';
import type { PoolClient } from '@agent-platform/database';
import type { IncomingEvent } from '../rows/event.ts';

/**
 * Requests that repeated an event, for events that are in place, and whether they carried something else. A message
 * that is delivered again carries the delivery id the event was stored with, or one that is recorded already: both are
 * left out. Takes no lock on events; they never change. Each of them is hashed once, however many requests repeated it.
 */
const INSERT_DUPLICATES = `
  with repeated as materialized (
    select id, org_id, delivery_id, event_type, sha256(convert_to(payload, 'UTF8')) as payload_hash
    from events where id = any ($1::text[])
  )
  insert into event_duplicates (event_id, delivery_id, org_id, received_at, content_differs)
  select d.event_id, d.delivery_id, e.org_id, d.received_at,
         d.event_type <> e.event_type or d.payload_hash <> e.payload_hash
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::bytea[])
    as d (event_id, delivery_id, received_at, event_type, payload_hash)
  join repeated e on e.id = d.event_id and e.delivery_id <> d.delivery_id
  order by d.event_id, d.delivery_id
  on conflict (event_id, delivery_id) do nothing
  returning content_differs as "contentDiffers"`;

/** How many requests were recorded, and how many of them carried another type or payload than their event. */
export interface Duplicates {
  readonly duplicates: number;
  readonly differing: number;
}

export async function insertDuplicates(client: PoolClient, repeated: readonly IncomingEvent[]): Promise<Duplicates> {
  if (repeated.length === 0) return { duplicates: 0, differing: 0 };
  const { rows } = await client.query<{ contentDiffers: boolean }>(INSERT_DUPLICATES, [
    repeated.map(({ id }) => id),
    repeated.map(({ deliveryId }) => deliveryId),
    repeated.map(({ receivedAt }) => receivedAt),
    repeated.map(({ eventType }) => eventType),
    repeated.map(({ payload }) => hash('sha256', payload, 'buffer')),
  ]);
  return { duplicates: rows.length, differing: rows.filter(({ contentDiffers }) => contentDiffers).length };
}
