import type { PoolClient } from '@agent-platform/database';
import { timeOfId } from '@agent-platform/ids';
import type { PlannedRun } from '../rows/plan.ts';

export interface NewRun extends PlannedRun {
  readonly id: string;
  readonly orgId: string;
  readonly eventId: string;
  readonly sourceId: string;
  readonly traceparent: string | null;
}

/** Runs of events that this transaction has inserted or locked. Their plans are there. In the order of events and triggers. */
const INSERT_RUNS = `
  insert into runs (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash,
                    traceparent, created_at, status, claimable_at)
  select id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, traceparent,
         created_at, 'queued', now()
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[],
              $10::text[], $11::timestamptz[])
    as r (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, traceparent,
          created_at)
  order by event_id, trigger_id
  on conflict (event_id, trigger_id, replay_id) do nothing`;

export async function insertRuns(client: PoolClient, runs: readonly NewRun[]): Promise<void> {
  if (runs.length === 0) return;
  await client.query(INSERT_RUNS, [
    runs.map(({ id }) => id),
    runs.map(({ orgId }) => orgId),
    runs.map(({ eventId }) => eventId),
    runs.map(({ sourceId }) => sourceId),
    runs.map(({ triggerId }) => triggerId),
    runs.map(({ triggerName }) => triggerName),
    runs.map(({ agentId }) => agentId),
    runs.map(({ agentName }) => agentName),
    runs.map(({ planHash }) => planHash),
    runs.map(({ traceparent }) => traceparent),
    runs.map(({ id }) => timeOfId(id)),
  ]);
}
