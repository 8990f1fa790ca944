import type { Pool, PoolClient } from '@agent-platform/database';
import { AROUND_RUN } from '../runs/around-run.ts';
import type { EventKind } from '../rows/event.ts';
import type { PlanReference } from '../rows/plan.ts';

/** A run that has ended, with what is needed to start it once more. */
export interface RetriedRun extends PlanReference, EventKind {
  readonly id: string;
  readonly eventId: string;
  /** Of its event and trigger. */
  readonly isNewest: boolean;
}

/** Reads runs and events by their primary keys, and takes no locks. Of a run whose event is gone there is nothing. */
const FIND_RETRIED_RUNS = `
  select r.id, r.event_id as "eventId", r.trigger_id as "triggerId", r.trigger_name as "triggerName",
         r.agent_id as "agentId", r.agent_name as "agentName", r.plan_hash as "planHash",
         e.event_type as "eventType", e.source_id as "sourceId", is_newest as "isNewest"
  from (
    select id, org_id, event_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash
    from runs where id = any ($2::text[]) offset 0
  ) as r ${AROUND_RUN}
  where r.org_id = $1 and e.org_id = $1`;

export async function findRetriedRuns(
  client: Pool | PoolClient,
  orgId: string,
  ids: readonly string[],
): Promise<RetriedRun[]> {
  return (await client.query<RetriedRun>(FIND_RETRIED_RUNS, [orgId, ids])).rows;
}
