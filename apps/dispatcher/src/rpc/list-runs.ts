import { RunStatus, RunSummarySchema, type ListRunsRequest } from '@agent-platform/proto';
import { readPage } from '@agent-platform/rpc';
import { decodePageToken, encodePageToken, pageSizeOf } from './page.ts';
import { nameOf, runStatuses, runSummary, type ListedRun } from './run-messages.ts';
import type { TenantDatabase } from './tenant-database.ts';

/** Newest first: ids sort by the time they were made. */
export async function listRuns(db: TenantDatabase, request: ListRunsRequest) {
  const { eventId, triggerId, status, replayId } = request;
  const start = request.pageToken ? decodePageToken(request.pageToken, 1)[0] : undefined;
  const { messages, last } = await readPage({
    schema: RunSummarySchema,
    size: pageSizeOf(request.pageSize),
    toMessage: runSummary,
    read(row: ListedRun | undefined, take): Promise<ListedRun[]> {
      const place = row?.id ?? start;
      return db.run.findMany({
        where: {
          ...(eventId && { eventId }),
          ...(triggerId && { triggerId }),
          ...(status !== RunStatus.UNSPECIFIED && { status: nameOf(runStatuses, status)! }),
          ...(replayId && { replayId }),
          ...(place !== undefined && { id: { lt: place } }),
        },
        omit: { planHash: true },
        orderBy: { id: 'desc' },
        take,
      });
    },
  });
  return { runs: messages, nextPageToken: last ? encodePageToken([last.id]) : '' };
}
