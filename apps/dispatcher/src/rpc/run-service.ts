import { RunStatus, type RunService } from '@agent-platform/proto';
import { userOf } from '@agent-platform/rpc';
import type { ServiceImpl } from '@connectrpc/connect';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { ReplayDeps } from '../replays/replay-event.ts';
import { cancelRun } from '../store/runs/cancel-run.ts';
import { findRun, runNotFound, wrongState } from './find-run.ts';
import { listRuns } from './list-runs.ts';
import { listSteps } from './list-steps.ts';
import { resolveRun } from './resolve-run.ts';
import { retryMany, retryOne } from './retry-runs.ts';
import { nameOf, resolutionOutcomes, runStatuses } from './run-messages.ts';
import { tenantDatabase } from './tenant-database.ts';

export interface RunServiceDeps extends ReplayDeps {
  readonly prisma: PrismaClient;
  /** Runs of a tenant at a time. */
  readonly maxOfTenant: number;
}

export function runService({ prisma, maxOfTenant, ...deps }: RunServiceDeps) {
  return {
    async getRun({ run: id }, context) {
      const db = tenantDatabase(prisma, userOf(context).orgId);
      return { run: await findRun(db, id, maxOfTenant) };
    },

    async listSteps(request, context) {
      const db = tenantDatabase(prisma, userOf(context).orgId);
      if (!(await db.run.findUnique({ where: { id: request.run }, select: { id: true } })))
        throw runNotFound(request.run);
      return listSteps(db, request);
    },

    async listRuns(request, context) {
      return listRuns(tenantDatabase(prisma, userOf(context).orgId), request);
    },

    async resolveRun({ run: id, outcome, note }, context) {
      const { orgId, subject } = userOf(context);
      const db = tenantDatabase(prisma, orgId);
      await resolveRun(db, id, { outcome: nameOf(resolutionOutcomes, outcome)!, note, by: subject });
      deps.wake();
      return { run: await findRun(db, id, maxOfTenant) };
    },

    async cancelRun({ run: id }, context) {
      const { orgId, subject } = userOf(context);
      const cancelled = await cancelRun(deps.pool, { id, orgId, by: subject });
      const run = await findRun(tenantDatabase(prisma, orgId), id, maxOfTenant);
      if (!cancelled && run.status !== RunStatus.CANCELLED) {
        throw wrongState({ id, status: nameOf(runStatuses, run.status)! }, whyNotCancelled(run.status));
      }
      return { run };
    },

    async retryRun(request, context) {
      const user = userOf(context);
      const db = tenantDatabase(prisma, user.orgId);
      const id = await retryOne(deps, { db, user, request });
      return { run: await findRun(db, id, maxOfTenant) };
    },

    async retryRuns(request, context) {
      return retryMany(deps, userOf(context), request);
    },
  } satisfies ServiceImpl<typeof RunService>;
}

function whyNotCancelled(status: RunStatus): string {
  return status === RunStatus.OUTCOME_UNKNOWN
    ? 'a person has to say what became of its call; resolve it as failed to end it.'
    : 'it has ended and cannot be cancelled any more.';
}
