import { tenantScope } from '@agent-platform/database';
import { RunStatus, type RunService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/service';
import type { ServiceImpl } from '@connectrpc/connect';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { decodePageToken, encodePageToken, pageSizeOf } from './page.ts';
import { runMessage, runStatuses } from './run-messages.ts';

export function runService(prisma: PrismaClient) {
  return {
    async getRun({ run: id }, context) {
      const db = prisma.$extends(tenantScope(userOf(context).orgId));
      const run = await db.run.findUnique({ where: { id }, omit: { plan: true } });
      if (!run) throw new AppError('not_found', 'run_not_found', `There is no run ${id}.`);
      const steps = await db.step.findMany({ where: { runId: id }, orderBy: { number: 'asc' } });
      return { run: runMessage(run, steps) };
    },

    async listRuns({ pageSize, pageToken, eventId, triggerId, status }, context) {
      const db = prisma.$extends(tenantScope(userOf(context).orgId));
      const take = pageSizeOf(pageSize);
      // Ids sort by the time they were made.
      const rows = await db.run.findMany({
        where: {
          ...(eventId && { eventId }),
          ...(triggerId && { triggerId }),
          ...(status !== RunStatus.UNSPECIFIED && { status: statusName(status) }),
          ...(pageToken && { id: { lt: decodePageToken(pageToken, 1)[0]! } }),
        },
        omit: { plan: true },
        orderBy: { id: 'desc' },
        take: take + 1,
      });
      const page = rows.slice(0, take);
      const nextPageToken = rows.length > take ? encodePageToken([page.at(-1)!.id]) : '';
      return { runs: page.map((run) => runMessage(run)), nextPageToken };
    },
  } satisfies ServiceImpl<typeof RunService>;
}

function statusName(status: RunStatus): string {
  return Object.entries(runStatuses).find(([, value]) => value === status)?.[0] ?? '';
}
