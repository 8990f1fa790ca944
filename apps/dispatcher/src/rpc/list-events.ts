import { EventSummarySchema, type ListEventsRequest } from '@agent-platform/proto';
import { readPage } from '@agent-platform/rpc';
import type { Pool } from '@agent-platform/database';
import { postgresText } from '../postgres-text.ts';
import { countAroundEvents } from '../store/count-around-events.ts';
import { eventSummary, type ListedEvent } from './event-messages.ts';
import { renamed, timeRange } from './list-filters.ts';
import { decodePageToken, encodePageToken, invalidPageToken, pageSizeOf } from './page.ts';
import type { TenantDatabase } from './tenant-database.ts';

export interface ListDeps {
  readonly db: TenantDatabase;
  readonly pool: Pool;
  readonly orgId: string;
}

interface Place {
  readonly receivedAt: Date;
  readonly id: string;
}

/** Newest first. Ids made from a key or from content say nothing about time. */
export async function listEvents({ db, pool, orgId }: ListDeps, request: ListEventsRequest) {
  const filter = filterOf(request);
  const start = request.pageToken ? placeOf(request.pageToken) : undefined;
  const { messages, last } = await readPage({
    schema: EventSummarySchema,
    size: pageSizeOf(request.pageSize),
    toMessage: eventSummary,
    read(row: ListedEvent | undefined, take): Promise<ListedEvent[]> {
      const place = row ?? start;
      return db.event.findMany({
        where: { ...filter, ...(place && behind(place)) },
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
  const nextPageToken = last ? encodePageToken([last.receivedAt.toISOString(), last.id]) : '';
  return { events: messages.map((event) => Object.assign(event, around.get(event.id))), nextPageToken };
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

function placeOf(pageToken: string): Place {
  const [time, id] = decodePageToken(pageToken, 2);
  const receivedAt = new Date(time!);
  if (Number.isNaN(receivedAt.getTime())) throw invalidPageToken();
  return { receivedAt, id: id! };
}

function behind({ receivedAt, id }: Place) {
  const OR = [{ receivedAt: { lt: receivedAt } }, { receivedAt, id: { lt: id } }];
  // Says no more than OR does, but it is what PostgreSQL takes to an index.
  return { receivedAt: { lte: receivedAt }, OR };
}
