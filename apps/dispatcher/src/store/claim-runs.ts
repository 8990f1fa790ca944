import type { Pool } from '@agent-platform/database';
import type { UnplannedRun } from '../runs/run.ts';

/**
 * Takes runs that are due and runs whose lease has ended, oldest first, and raises their epoch: from here on the
 * worker that held them before can write nothing. One partial index serves both, because `claimable_at` is when a
 * queued run is due and when a running one's lease ends. `skip locked` lets workers pass each other without waiting;
 * a row another worker is just claiming, renewing or finishing is simply not there for this one. Runs this process
 * holds itself ($3) are left out: after a pause longer than the lease, its own heartbeat renews them.
 */
const CLAIM_RUNS = `
  with due as (
    select id from runs
    where status in ('queued', 'running') and claimable_at <= now() and id <> all ($3::text[])
    order by claimable_at
    limit $1
    for update skip locked
  ), claimed as (
    update runs
    set status = 'running', epoch = epoch + 1, attempts = attempts + 1, claimable_at = now() + $2 * interval '1 ms',
        started_at = coalesce(started_at, now())
    from due where runs.id = due.id
    returning runs.id, runs.org_id, runs.event_id, runs.traceparent, runs.epoch, runs.attempts, runs.warnings,
              encode(runs.plan_hash, 'hex') as plan_hash, runs.cancel_requested_at
  )
  select claimed.*, e.event_type, e.payload, e.occurred_at, e.received_at
  from claimed join events e on e.id = claimed.event_id
  order by claimed.id`;

interface Row {
  id: string;
  org_id: string;
  event_id: string;
  traceparent: string | null;
  epoch: number;
  attempts: number;
  warnings: string;
  plan_hash: string;
  cancel_requested_at: Date | null;
  event_type: string;
  payload: string;
  occurred_at: Date | null;
  received_at: Date;
}

export async function claimRuns(
  pool: Pool,
  o: { readonly limit: number; readonly leaseMs: number; readonly held: readonly string[] },
): Promise<UnplannedRun[]> {
  const { rows } = await pool.query<Row>({
    name: 'claim-runs',
    text: CLAIM_RUNS,
    values: [o.limit, o.leaseMs, o.held],
  });
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    traceparent: row.traceparent ?? undefined,
    epoch: row.epoch,
    attempts: row.attempts,
    warnings: JSON.parse(row.warnings) as string[],
    planHash: row.plan_hash,
    cancelRequested: row.cancel_requested_at !== null,
    event: {
      id: row.event_id,
      type: row.event_type,
      payload: row.payload,
      occurredAt: row.occurred_at,
      receivedAt: row.received_at,
    },
  }));
}
