import type { Pool } from '@agent-platform/database';
import type { EventRow, RunRow } from './evidence.ts';

/** Everything the platform has stored, straight from the dispatcher's database: hundreds of thousands of rows. */
export async function readStored(dispatcherDatabase: Pool): Promise<{ events: EventRow[]; runs: RunRow[] }> {
  const events = await dispatcherDatabase.query<EventRow>(`
    select id, payload::json ->> 'id' as "payloadId", event_type as "eventType", duplicate_of as "duplicateOf",
           xmin::text::float8 as xid
    from events`);
  const runs = await dispatcherDatabase.query<RunRow>(`
    select id, event_id as "eventId", trigger_name as trigger, status, error_code as "errorCode" from runs`);
  return { events: events.rows, runs: runs.rows };
}

export interface Progress {
  readonly events: number;
  readonly runs: number;
  /** Runs that have not ended. */
  readonly open: number;
}

export async function readProgress(dispatcherDatabase: Pool): Promise<Progress> {
  const { rows } = await dispatcherDatabase.query<Progress>(`
    select (select count(*)::int from events) as events,
           (select count(*)::int from runs) as runs,
           (select count(*)::int from runs where status in ('queued', 'running')) as open`);
  return rows[0]!;
}

/** The longest time from the answer to a sender until a run of its event was there. Milliseconds. */
export async function readDelays(dispatcherDatabase: Pool): Promise<number> {
  const { rows } = await dispatcherDatabase.query<{ ms: number }>(`
    select coalesce(max(extract(epoch from r.created_at - e.received_at)) * 1000, 0)::float8 as ms
    from runs r join events e on e.id = r.event_id`);
  return rows[0]!.ms;
}
