import type { PoolClient } from '@agent-platform/database';
import type { IncomingEvent } from '../events/incoming-event.ts';

/**
 * Requests that repeated an event, for events that are in place. A message that is delivered again carries the
 * delivery id the event was stored with, or one that is recorded already: both are left out. Takes no lock on events;
 * they never change.
 */
const INSERT_DUPLICATES = `
  insert into event_duplicates (event_id, delivery_id, org_id, received_at)
  select d.event_id, d.delivery_id, e.org_id, d.received_at
  from unnest($1::text[], $2::text[], $3::timestamptz[]) as d (event_id, delivery_id, received_at)
  join events e on e.id = d.event_id and e.delivery_id <> d.delivery_id
  order by d.event_id, d.delivery_id
  on conflict (event_id, delivery_id) do nothing`;

/** @returns how many requests were recorded. */
export async function insertDuplicates(client: PoolClient, repeated: readonly IncomingEvent[]): Promise<number> {
  if (repeated.length === 0) return 0;
  const { rowCount } = await client.query(INSERT_DUPLICATES, [
    repeated.map(({ id }) => id),
    repeated.map(({ deliveryId }) => deliveryId),
    repeated.map(({ receivedAt }) => receivedAt),
  ]);
  return rowCount ?? 0;
}
