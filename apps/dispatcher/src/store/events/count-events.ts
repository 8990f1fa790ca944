import type { Pool } from '@agent-platform/database';
import type { EventKind } from '../rows/event.ts';

/** Events of a tenant that a replay is asked for. Empty strings: any. */
export interface EventRange {
  readonly orgId: string;
  readonly receivedFrom: Date;
  readonly receivedBefore: Date;
  readonly eventType: string;
  readonly sourceId: string;
}

/** Counting goes no further: a range is too large long before. */
export const MAX_COUNTED = 100_000;

/**
 * How many events there are of each kind; triggers see no more of an event than its kind. Duplicates of other events
 * start no runs. Reads an index of events by tenant and time, at most MAX_COUNTED entries of it, and takes no locks.
 */
const COUNT_EVENTS = `
  select event_type as "eventType", source_id as "sourceId", count(*)::int as count
  from (
    select event_type, source_id from events
    where org_id = $1 and received_at >= $2 and received_at < $3 and duplicate_of is null
      and ($4 = '' or event_type = $4) and ($5 = '' or source_id = $5)
    limit ${MAX_COUNTED}
  ) as e
  group by event_type, source_id`;

export async function countEvents(pool: Pool, o: EventRange): Promise<(EventKind & { readonly count: number })[]> {
  const values = [o.orgId, o.receivedFrom, o.receivedBefore, o.eventType, o.sourceId];
  const { rows } = await pool.query<EventKind & { count: number }>(COUNT_EVENTS, values);
  return rows;
}
