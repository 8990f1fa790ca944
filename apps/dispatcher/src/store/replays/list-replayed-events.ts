import type { PoolClient } from '@agent-platform/database';
import type { EventRange } from '../events/count-events.ts';
import type { EventKind } from '../rows/event.ts';

export interface ReplayedEvent extends EventKind {
  readonly id: string;
  readonly receivedAt: Date;
}

/**
 * The next events of some kinds after one of them ($3, $4): oldest first, as they came in. Reads an index
 * of events by tenant and time, and takes no locks.
 */
const LIST_REPLAYED_EVENTS = `
  select e.id, e.received_at as "receivedAt", e.event_type as "eventType", e.source_id as "sourceId"
  from events e
  join unnest($5::text[], $6::text[]) as kind (event_type, source_id)
    on kind.event_type = e.event_type and kind.source_id = e.source_id
  where e.org_id = $1 and e.received_at < $2 and e.duplicate_of is null and (e.received_at, e.id) > ($3, $4)
  order by e.received_at, e.id
  limit $7`;

export async function listReplayedEvents(
  client: PoolClient,
  o: Pick<EventRange, 'orgId' | 'receivedBefore'> & {
    readonly kinds: readonly EventKind[];
    readonly after: { readonly id: string; readonly receivedAt: Date | string };
    readonly limit: number;
  },
): Promise<ReplayedEvent[]> {
  const { rows } = await client.query<ReplayedEvent>(LIST_REPLAYED_EVENTS, [
    o.orgId,
    o.receivedBefore,
    o.after.receivedAt,
    o.after.id,
    o.kinds.map(({ eventType }) => eventType),
    o.kinds.map(({ sourceId }) => sourceId),
    o.limit,
  ]);
  return rows;
}
