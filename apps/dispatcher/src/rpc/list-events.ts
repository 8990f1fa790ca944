import { EventSummarySchema, type ListEventsRequest } from '@agent-platform/proto';
import { readPage } from '@agent-platform/rpc';
import type { Pool } from '@agent-platform/database';
import { postgresText } from '../store/postgres-text.ts';
import { countAroundEvents } from '../store/events/count-around-events.ts';
import { eventSummary, type ListedEvent } from './event-messages.ts';
import { renamed, timeRange } from './list-filters.ts';
import { behind, decodeTimePlace, encodeTimePlace, pageSizeOf, type TimePlace } from './page.ts';
import type { TenantDatabase } from './tenant-database.ts';

export interface ListDeps {
  readonly db: TenantDatabase;
  readonly pool: Pool;
  readonly orgId: string;
}

/** Newest first. Ids made from a key or from content say nothing about time. */
export async function listEvents({ db, pool, orgId }: ListDeps, request: ListEventsRequest) {
  const filter = filterOf(request);
  const start = decodeTimePlace(request.pageToken);
  const { messages, last } = await readPage({
    schema: EventSummarySchema,
    size: pageSizeOf(request.pageSize),
    toMessage: eventSummary,
    read(row: ListedEvent | undefined, take): Promise<ListedEvent[]> {
      const place = row ? placeOf(row) : start;
      return db.event.findMany({
        where: { ...filter, ...(place && behind('receivedAt', place)) },
        omit: { payload: true, decisions: true, configurationVersion: true, contentHash: true },
        orderBy: [{ receivedAt: 'desc' }, { id: 'desc' }],
        take,
      });
    },
  });
  const around = await countAroundEvents(
    pool,
    orgId,
    messages.map(({ id }) => id),
  );
  const nextPageToken = last ? encodeTimePlace(placeOf(last)) : '';
  return { events: messages.map((event) => Object.assign(event, around.get(event.id))), nextPageToken };
}

function placeOf({ receivedAt: at, id }: ListedEvent): TimePlace {
  return { at, id };
}

/** For each of them there is an index. */
function filterOf({ webhookSource, webhookSourceId, receivedFrom, receivedBefore, ...request }: ListEventsRequest) {
  const sourceId = postgresText(renamed('webhook_source', webhookSource, webhookSourceId));
  const eventType = postgresText(request.eventType);
  const idempotencyKey = postgresText(request.idempotencyKey);
  return {
    ...(eventType && { eventType }),
    ...(sourceId && { sourceId }),
    ...(idempotencyKey && { idempotencyKey }),
    // Beside the place in the list, which is a time too.
    AND: { receivedAt: timeRange('received', receivedFrom, receivedBefore) },
  };
}
