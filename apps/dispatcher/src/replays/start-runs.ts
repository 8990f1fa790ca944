import type { PoolClient } from '@agent-platform/database';
import { newId, newTraceparent } from '@agent-platform/service';
import type { PlannedRun } from '../events/plan.ts';
import { ensurePlans } from '../store/ensure-plans.ts';
import { insertReplays } from '../store/insert-replays.ts';
import type { ReplayKey } from './replay.ts';

/** Starts what is planned for some events, each run once per replay. @returns how many runs were new. */
export async function startRuns(
  client: PoolClient,
  { orgId, id: replayId }: ReplayKey,
  events: readonly { readonly eventId: string; readonly planned: readonly PlannedRun[] }[],
): Promise<number> {
  const runs = events.flatMap(({ eventId, planned }) =>
    planned.map((plan) => ({ ...plan, orgId, id: newId('run'), eventId, traceparent: newTraceparent() })),
  );
  await ensurePlans(client, runs);
  return insertReplays(client, { orgId, replayId, runs });
}
