import type { PoolClient } from '@agent-platform/database';
import type { IncomingEvent } from '../rows/event.ts';

/** Two events of one source with the same content within it are one event. */
export const CONTENT_WINDOW_MS = 5 * 60_000;

/**
 * The first event with the same content from the same source, for each event that has one. Reads the partial index
 * on (source_id, content_hash, received_at) and takes no lock: events of one source come in order through one
 * consumer, so nobody else inserts the same content meanwhile. An event never repeats itself, so that a redelivered
 * message finds nothing here.
 */
const FIND_ORIGINALS = `
  select distinct on (i.id) i.id, e.id as original
  from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[]) as i (id, source_id, content_hash, received_at)
  join events e on e.source_id = i.source_id
    and e.content_hash = i.content_hash
    and e.content_hash is not null
    and e.received_at between i.received_at - $5 * interval '1 ms' and i.received_at + $5 * interval '1 ms'
    and e.duplicate_of is null
    and e.id <> i.id
  order by i.id, e.received_at, e.id`;

/** @returns the original's id by the event's id. */
export async function findOriginals(
  client: PoolClient,
  events: readonly IncomingEvent[],
): Promise<ReadonlyMap<string, string>> {
  const hashed = events.filter(({ contentHash }) => contentHash);
  if (hashed.length === 0) return new Map();
  const { rows } = await client.query<{ id: string; original: string }>(FIND_ORIGINALS, [
    hashed.map(({ id }) => id),
    hashed.map(({ sourceId }) => sourceId),
    hashed.map(({ contentHash }) => contentHash),
    hashed.map(({ receivedAt }) => receivedAt),
    CONTENT_WINDOW_MS,
  ]);
  return new Map(rows.map(({ id, original }) => [id, original]));
}
