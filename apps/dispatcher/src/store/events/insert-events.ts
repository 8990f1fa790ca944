import type { PoolClient } from '@agent-platform/database';
import type { IncomingEvent } from '../rows/event.ts';

export interface NewEvent {
  readonly event: IncomingEvent;
  readonly duplicateOf: string | null;
  /** JSON. Null: the configuration could not be read, and they are made later. */
  readonly decisions: string | null;
  /** Of the configuration it was matched with; null when it was not. */
  readonly configurationVersion: bigint | null;
}

/**
 * An event that is there already is left alone, which makes redelivery harmless; `on conflict` waits for a concurrent
 * insert of the same id to end, so exactly one of two transactions wins. Rows are inserted in the order of their ids in
 * every transaction: no deadlocks.
 */
const INSERT_EVENTS = `
  insert into events (id, org_id, source_id, event_type, payload, idempotency_key, content_hash, delivery_id,
                      occurred_at, received_at, duplicate_of, decisions, configuration_version)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[],
                       $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::bigint[])
    as i (id, org_id, source_id, event_type, payload, idempotency_key, content_hash, delivery_id,
          occurred_at, received_at, duplicate_of, decisions, configuration_version)
  order by i.id
  on conflict (id) do nothing
  returning id`;

/** @returns the ids of the events that were new. */
export async function insertEvents(client: PoolClient, batch: readonly NewEvent[]): Promise<ReadonlySet<string>> {
  const events = batch.map(({ event }) => event);
  const { rows } = await client.query<{ id: string }>(INSERT_EVENTS, [
    events.map(({ id }) => id),
    events.map(({ orgId }) => orgId),
    events.map(({ sourceId }) => sourceId),
    events.map(({ eventType }) => eventType),
    events.map(({ payload }) => payload),
    events.map(({ idempotencyKey }) => idempotencyKey),
    events.map(({ contentHash }) => contentHash),
    events.map(({ deliveryId }) => deliveryId),
    events.map(({ occurredAt }) => occurredAt),
    events.map(({ receivedAt }) => receivedAt),
    batch.map(({ duplicateOf }) => duplicateOf),
    batch.map(({ decisions }) => decisions),
    batch.map(({ configurationVersion }) => configurationVersion),
  ]);
  return new Set(rows.map(({ id }) => id));
}
