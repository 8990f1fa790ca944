import type { PoolClient } from '@agent-platform/database';
import { newId } from '@agent-platform/ids';
import { newTraceparent } from '@agent-platform/telemetry';
import { ensurePlans } from '../store/plans/ensure-plans.ts';
import type { RetriedRun } from '../store/replays/find-retried-runs.ts';
import { insertReplays, type ReplayRun } from '../store/replays/insert-replays.ts';
import { keyOfPlan, markPlans } from '../store/plans/mark-plans.ts';
import type { PlanReference, PlannedRun } from '../store/rows/plan.ts';
import type { ReplayKey } from '../store/rows/replay.ts';

/** What is planned for an event; of a retry: for the run that it retries. */
export interface Start {
  readonly eventId: string;
  readonly planned: readonly PlannedRun[];
  readonly retryOf?: string;
}

/** Starts runs as they are planned, each once per replay. @returns how many were new. */
export async function startRuns(client: PoolClient, replay: ReplayKey, starts: readonly Start[]): Promise<number> {
  const { orgId, id: replayId } = replay;
  const plans = starts.flatMap(({ planned }) => planned.map((plan) => ({ orgId, ...plan })));
  await ensurePlans(client, plans);
  const runs = starts.flatMap(({ eventId, retryOf, planned }) =>
    planned.map((plan) => replayRun(plan, eventId, retryOf ?? null)),
  );
  return insertReplays(client, { orgId, replayId, runs });
}

/** Starts runs as they were, if their plans are there, each once per replay. @returns how many were new. */
export async function startRunsAsTheyWere(
  client: PoolClient,
  { orgId, id: replayId }: ReplayKey,
  retried: readonly RetriedRun[],
): Promise<number> {
  const owned = retried.map((run) => ({ orgId, ...run }));
  const stored = await markPlans(client, owned);
  const runs = owned.filter((run) => stored.has(keyOfPlan(run))).map((run) => replayRun(run, run.eventId, run.id));
  return insertReplays(client, { orgId, replayId, runs });
}

function replayRun(plan: PlanReference, eventId: string, retryOf: string | null): ReplayRun {
  return { ...plan, id: newId('run'), eventId, traceparent: newTraceparent(), retryOf };
}
