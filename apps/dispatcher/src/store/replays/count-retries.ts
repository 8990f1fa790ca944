import type { Pool } from '@agent-platform/database';
import { AROUND_RUN } from '../runs/around-run.ts';
import { MAX_COUNTED } from '../events/count-events.ts';
import type { EventKind } from '../rows/event.ts';

/** Runs of a tenant that retries are asked for. Empty strings: any. */
export interface RunRange {
  readonly orgId: string;
  /** Ids sort by the time they were made: from this one on. */
  readonly idFrom: string;
  readonly idBefore: string;
  /** As stored. */
  readonly statuses: readonly string[];
  readonly triggerId: string;
  readonly agentId: string;
  readonly sourceId: string;
}

/** Runs of one trigger, of events that are the same to it. */
export interface RetryKind extends EventKind {
  readonly triggerId: string;
  readonly triggerName: string;
  /** Runs that are the newest of their event and trigger. */
  readonly runIds: string[];
  /** How many of the others there are. */
  readonly supersededCount: number;
}

/**
 * Which runs there are, by what a trigger sees of their events. Reads an index of runs by tenant, at most MAX_COUNTED
 * entries of it, and for each of those the event and the index of runs by event. Takes no locks.
 */
const COUNT_RETRIES = `
  with found as materialized (
    select id, org_id, event_id, trigger_id, trigger_name from runs
    where org_id = $1 and id >= $2 and id < $3 and status = any ($4::text[])
      and ($5 = '' or trigger_id = $5) and ($6 = '' or agent_id = $6) and ($7 = '' or source_id = $7)
    limit ${MAX_COUNTED}
  ), looked_up as materialized (
    select r.id, r.event_id, r.trigger_id, r.trigger_name, e.event_type, e.source_id, is_newest
    from found as r ${AROUND_RUN}
    where e.org_id = r.org_id
  )
  select trigger_id as "triggerId", max(trigger_name) as "triggerName", event_type as "eventType",
         source_id as "sourceId", coalesce(array_agg(id) filter (where is_newest), '{}') as "runIds",
         count(*) filter (where not is_newest)::int as "supersededCount",
         (select count(distinct event_id) from looked_up where is_newest)::int as "eventCount"
  from looked_up
  group by trigger_id, event_type, source_id`;

/** @returns `eventCount`: of the runs that are the newest. */
export async function countRetries(
  pool: Pool,
  o: RunRange,
): Promise<{ readonly kinds: readonly RetryKind[]; readonly eventCount: number }> {
  const values = [o.orgId, o.idFrom, o.idBefore, o.statuses, o.triggerId, o.agentId, o.sourceId];
  const { rows } = await pool.query<RetryKind & { eventCount: number }>(COUNT_RETRIES, values);
  return { kinds: rows, eventCount: rows[0]?.eventCount ?? 0 };
}
