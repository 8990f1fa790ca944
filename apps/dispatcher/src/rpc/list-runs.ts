import { RunSummarySchema, type ListRunsRequest } from '@agent-platform/proto';
import { readPage } from '@agent-platform/rpc';
import { firstIdAt } from '@agent-platform/ids';
import { postgresText } from '../store/postgres-text.ts';
import { renamed, timeRange } from './list-filters.ts';
import { decodePageToken, encodePageToken, pageSizeOf } from './page.ts';
import { nameOf, runStatuses, runSummary, type ListedRun } from './run-messages.ts';
import type { TenantDatabase } from './tenant-database.ts';

/** Newest first: ids sort by the time they were made. */
export async function listRuns(db: TenantDatabase, request: ListRunsRequest) {
  const filter = filterOf(request);
  const start = request.pageToken ? decodePageToken(request.pageToken, 1)[0] : undefined;
  const { messages, last } = await readPage({
    schema: RunSummarySchema,
    size: pageSizeOf(request.pageSize),
    toMessage: runSummary,
    read(row: ListedRun | undefined, take): Promise<ListedRun[]> {
      const place = row?.id ?? start;
      return db.run.findMany({
        where: { ...filter, ...(place !== undefined && { id: { lt: place } }) },
        omit: { planHash: true },
        orderBy: { id: 'desc' },
        take,
      });
    },
  });
  return { runs: messages, nextPageToken: last ? encodePageToken([last.id]) : '' };
}

/** For each of them there is an index, and all but the event's have the ids in order. */
function filterOf({ webhookSource, status, createdFrom, createdBefore, ...request }: ListRunsRequest) {
  const text = postgresText;
  const triggerId = text(renamed('trigger', request.trigger, request.triggerId));
  const created = timeRange('created', createdFrom, createdBefore);
  return {
    ...(request.eventId && { eventId: text(request.eventId) }),
    ...(triggerId && { triggerId }),
    ...(request.agent && { agentId: text(request.agent) }),
    ...(webhookSource && { sourceId: text(webhookSource) }),
    ...(request.replayId && { replayId: text(request.replayId) }),
    ...(status.length > 0 && { status: { in: status.map((one) => nameOf(runStatuses, one)!) } }),
    // Ids say when they were made. Beside the place in the list, which is an id too.
    AND: {
      id: {
        ...(created.gte && { gte: firstIdAt('run', created.gte) }),
        ...(created.lt && { lt: firstIdAt('run', created.lt) }),
      },
    },
  };
}
