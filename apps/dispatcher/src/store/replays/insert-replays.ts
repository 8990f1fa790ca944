import type { PoolClient } from '@agent-platform/database';
import { timeOfId } from '@agent-platform/ids';
import type { PlanReference } from '../rows/plan.ts';

export interface ReplayRun extends PlanReference {
  readonly id: string;
  readonly eventId: string;
  readonly traceparent: string;
  /** The run that it retries. */
  readonly retryOf: string | null;
}

/**
 * Runs of a replay, each with the run that the event started itself. Their plans are there. What the replay has started
 * already is left alone, which makes it safe to repeat. The lock on the events keeps retention from deleting one under its
 * new run: it deletes only what it could lock, and looks for runs after that. Rows are inserted in the order of events and
 * triggers in every statement: no deadlocks.
 */
const INSERT_REPLAYS = `
  with present as (
    select id, source_id from events where org_id = $1 and id = any ($4::text[]) order by id for key share
  )
  insert into runs (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash,
                    traceparent, created_at, status, claimable_at, replay_id, replay_of, retry_of)
  select r.id, $1, r.event_id, present.source_id, r.trigger_id, r.trigger_name, r.agent_id, r.agent_name, r.plan_hash,
         r.traceparent, r.created_at, 'queued', now(), $2, o.id, r.retry_of
  from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::text[],
              $11::timestamptz[], $12::text[])
    as r (id, event_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, traceparent, created_at, retry_of)
  join present on present.id = r.event_id
  left join runs o on o.event_id = r.event_id and o.trigger_id = r.trigger_id and o.replay_id = ''
  order by r.event_id, r.trigger_id
  on conflict (event_id, trigger_id, replay_id) do nothing`;

/** @returns how many runs were new. */
export async function insertReplays(
  client: PoolClient,
  o: { readonly orgId: string; readonly replayId: string; readonly runs: readonly ReplayRun[] },
): Promise<number> {
  const { orgId, replayId, runs } = o;
  if (runs.length === 0) return 0;
  const { rowCount } = await client.query(INSERT_REPLAYS, [
    orgId,
    replayId,
    runs.map(({ id }) => id),
    runs.map(({ eventId }) => eventId),
    runs.map(({ triggerId }) => triggerId),
    runs.map(({ triggerName }) => triggerName),
    runs.map(({ agentId }) => agentId),
    runs.map(({ agentName }) => agentName),
    runs.map(({ planHash }) => planHash),
    runs.map(({ traceparent }) => traceparent),
    runs.map(({ id }) => timeOfId(id)),
    runs.map(({ retryOf }) => retryOf),
  ]);
  return rowCount ?? 0;
}
