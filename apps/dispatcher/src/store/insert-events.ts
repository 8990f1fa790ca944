import type { PoolClient } from '@agent-platform/database';
import type { IncomingEvent } from '../events/incoming-event.ts';
import type { PlannedRun } from '../events/planned-run.ts';

export interface NewRun extends PlannedRun {
  readonly id: string;
}

export interface NewEvent {
  readonly event: IncomingEvent;
  readonly duplicateOf: string | null;
  /** JSON. */
  readonly decisions: string;
  readonly runs: readonly NewRun[];
}

/**
 * Events and the runs they start, in one statement. An event that is there already is left alone and starts nothing,
 * which makes redelivery harmless; `on conflict` waits for a concurrent insert of the same id to end, so exactly one
 * of two transactions wins. Rows are inserted in the order of their ids in every transaction: no deadlocks.
 */
const INSERT_EVENTS = `
  with inserted as (
    insert into events (id, org_id, source_id, event_type, payload, idempotency_key, content_hash, delivery_id,
                        occurred_at, received_at, duplicate_of, decisions)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
                         $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[])
      as i (id, org_id, source_id, event_type, payload, idempotency_key, content_hash, delivery_id,
            occurred_at, received_at, duplicate_of, decisions)
    order by i.id
    on conflict (id) do nothing
    returning id, org_id
  ), started as (
    insert into runs (id, org_id, event_id, trigger_id, trigger_name, agent_id, agent_name, plan, traceparent,
                      status, claimable_at, created_at)
    select r.id, inserted.org_id, r.event_id, r.trigger_id, r.trigger_name, r.agent_id, r.agent_name, r.plan,
           r.traceparent, 'queued', now(), now()
    from unnest($13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[])
      as r (id, event_id, trigger_id, trigger_name, agent_id, agent_name, plan, traceparent)
    join inserted on inserted.id = r.event_id
    on conflict (event_id, trigger_id, replay_id) do nothing
  )
  select id from inserted`;

/** @returns the ids of the events that were new. */
export async function insertEvents(client: PoolClient, batch: readonly NewEvent[]): Promise<ReadonlySet<string>> {
  const events = batch.map(({ event }) => event);
  const runs = batch.flatMap(({ event, runs }) => runs.map((run) => ({ event, run })));
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
    runs.map(({ run }) => run.id),
    runs.map(({ event }) => event.id),
    runs.map(({ run }) => run.triggerId),
    runs.map(({ run }) => run.triggerName),
    runs.map(({ run }) => run.agentId),
    runs.map(({ run }) => run.agentName),
    runs.map(({ run }) => run.plan),
    runs.map(({ event }) => event.traceparent),
  ]);
  return new Set(rows.map(({ id }) => id));
}
