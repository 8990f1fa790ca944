import { randomUUID } from 'node:crypto';
import {
  RetryConfiguration,
  RunStatus,
  type RetryRunRequest,
  type RetryRunsRequest,
  type RetryRunsResponseSchema,
} from '@agent-platform/proto';
import type { UserPrincipal } from '@agent-platform/auth';
import { firstIdAt } from '@agent-platform/ids';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { postgresText } from '../store/postgres-text.ts';
import type { ReplayDeps } from '../replays/replay-event.ts';
import { retryRun } from '../replays/retry-run.ts';
import { countRetriedRuns, retryRuns } from '../replays/retry-runs.ts';
import { findReplays } from '../store/replays/find-replays.ts';
import { runNotFound, wrongState } from './find-run.ts';
import { timeRange } from './list-filters.ts';
import { askedRetries, askedRetry, replayStates } from './replay-messages.ts';
import { nameOf, runStatuses } from './run-messages.ts';
import type { TenantDatabase } from './tenant-database.ts';

const retryConfigurations = {
  original: RetryConfiguration.ORIGINAL,
  current: RetryConfiguration.CURRENT,
} as const;

const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled'];

/** @returns the id of the new run. @throws AppError `run_not_found`, `run_state_wrong`, and those of `retryRun` */
export async function retryOne(
  deps: ReplayDeps,
  {
    db,
    user,
    request,
  }: { readonly db: TenantDatabase; readonly user: UserPrincipal; readonly request: RetryRunRequest },
): Promise<string> {
  const { run: runId } = request;
  const select = { id: true, status: true, eventId: true, triggerId: true };
  const run = await db.run.findUnique({ where: { id: runId }, select });
  if (!run) throw runNotFound(runId);
  if (!ENDED.includes(run.status)) throw wrongState(run, whyNotRetried(run.status));
  const asked = withDefault(request);
  const key = { orgId: user.orgId, id: request.replayId || randomUUID() };
  await retryRun(
    deps,
    { ...key, kind: 'retry_run', request: askedRetry(asked), requestedBy: user.subject },
    { runId, configuration: nameOf(retryConfigurations, asked.configuration)! },
  );
  const started = await findReplays(deps.pool, { orgId: key.orgId, replayId: key.id, eventId: run.eventId });
  return started.get(run.triggerId)!;
}

/** @throws AppError `range_invalid`, and those of `retryRuns` */
export async function retryMany(
  deps: ReplayDeps,
  { orgId, subject }: UserPrincipal,
  request: RetryRunsRequest,
): Promise<MessageInitShape<typeof RetryRunsResponseSchema>> {
  const asked = withDefault(request);
  const statuses = asked.status.length > 0 ? asked.status : [RunStatus.FAILED];
  const created = timeRange('created', asked.createdFrom, asked.createdBefore);
  const range = {
    orgId,
    idFrom: firstIdAt('run', created.gte!),
    idBefore: firstIdAt('run', created.lt!),
    statuses: statuses.map((status) => nameOf(runStatuses, status)!),
    triggerId: postgresText(asked.trigger),
    agentId: postgresText(asked.agent),
    sourceId: postgresText(asked.webhookSource),
    configuration: nameOf(retryConfigurations, asked.configuration)!,
  };
  if (asked.dryRun) {
    const { runCount, skipped } = await countRetriedRuns(deps, range);
    return { runCount, skipped: [...skipped] };
  }
  const by = { orgId, id: asked.replayId || randomUUID(), requestedBy: subject };
  const replay = await retryRuns(deps, { ...by, kind: 'retry_runs', request: askedRetries(asked) }, range);
  const { id: replayId, runCount, startedCount, state } = replay;
  return { replayId, runCount, startedCount, state: replayStates[state] };
}

/** Whether it is given or not, it is the same request. */
function withDefault<R extends { configuration: RetryConfiguration }>(request: R): R {
  return { ...request, configuration: request.configuration || RetryConfiguration.ORIGINAL };
}

function whyNotRetried(status: string): string {
  return status === 'outcome_unknown'
    ? 'a person has to say what became of its call; resolve it, and retry it then.'
    : 'only a run that has ended can be retried; wait for it, or cancel it.';
}
