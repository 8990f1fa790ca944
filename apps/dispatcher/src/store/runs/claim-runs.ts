import type { Pool } from '@agent-platform/database';
import { CHOOSE_RUNS } from './choose-runs.ts';
import { DUE } from './due.ts';
import type { UnplannedRun } from '../rows/run.ts';

/**
 * Takes runs that are due, as `CHOOSE_RUNS` has it, and raises their epoch: from here on the worker that held them
 * before can write nothing. `skip locked` lets workers pass each other without waiting; a row another worker is just
 * renewing, finishing or cancelling is simply not there for this one. `due` makes the index small, and `claimable_at`
 * decides. Rows are named by their place in the table, and by nothing else where they are locked: no index could be the
 * wrong one, whatever the planner believes of a table that has grown since.
 */
const CLAIM_RUNS = `
  with ${CHOOSE_RUNS}, locked as (
    select ctid, status, claimable_at from runs where ctid = any (array(select ctid from chosen)) for update skip locked
  ), claimed as (
    update runs
    set status = 'running', due = false, epoch = epoch + 1, attempts = attempts + 1,
        claimable_at = now() + $2 * interval '1 ms', started_at = coalesce(started_at, now())
    where ctid = any (array(
      select ctid from locked where status in ('queued', 'running') and claimable_at <= now()
    ))
    returning runs.id, runs.org_id, runs.trigger_id, runs.event_id, runs.traceparent, runs.epoch, runs.attempts,
              runs.warnings, encode(runs.plan_hash, 'hex') as plan_hash, runs.cancel_requested_at
  )
  select claimed.*, extract(epoch from now() - claimable_at)::float8 * 1000 as waited_ms, e.event_type, e.payload, e.occurred_at, e.received_at, state
  from (
    select concat(
      case when (select count(*) from (select from runs where ${DUE} order by org_id limit $1 + 1) as some_due)
        > (select count(*) from claimed) then 'backlog ' end,
      case when exists (select from candidate where has_more)
        or (select count(*) from placed) > (select count(*) from chosen) then 'unfinished ' end,
      case when exists (select from tenant where running is null) then 'contended ' end,
      (select org_id from tenant order by number desc limit 1)) as state
  ) as after
  left join (claimed join chosen using (id) join events e on e.id = claimed.event_id) on true
  order by place`;

interface Row {
  /** Null, as the rest of the run, where there is none. */
  id: string | null;
  org_id: string;
  trigger_id: string;
  event_id: string;
  traceparent: string | null;
  epoch: number;
  attempts: number;
  warnings: string;
  plan_hash: string;
  cancel_requested_at: Date | null;
  waited_ms: number;
  event_type: string;
  payload: string;
  occurred_at: Date | null;
  received_at: Date;
  /** The same in every row: one column, because every column costs something for every run. */
  state: string;
}

export interface Claim {
  /** Free places in this process. */
  readonly limit: number;
  readonly leaseMs: number;
  /** Runs of a tenant at a time, in all processes together. */
  readonly maxOfTenant: number;
  /** Ids of the runs this process holds. */
  readonly held: readonly string[];
  /** How many it holds of each tenant and of each trigger. */
  readonly heldOf: { readonly tenants: Counts; readonly triggers: Counts };
  /** The tenant that had its turn last, and of each tenant the trigger. */
  readonly after: { readonly tenant: string; readonly triggers: Readonly<Record<string, string>> };
}

export type Counts = Readonly<Record<string, number>>;

export interface Claimed {
  /** In the order in which they had their turn. */
  readonly runs: readonly UnplannedRun[];
  /** More is due than was claimed. */
  readonly backlog: boolean;
  /** Another claim would find more for the places that are left: of somebody who was offered a part of them only. */
  readonly unfinished: boolean;
  /** Somebody was left out because another worker is just claiming for them. */
  readonly contended: boolean;
  /** Who had its turn last. */
  readonly lastTenant: string | undefined;
}

export async function claimRuns(pool: Pool, o: Claim): Promise<Claimed> {
  const { rows } = await pool.query<Row>({
    name: 'claim-runs',
    text: CLAIM_RUNS,
    values: [
      o.limit,
      o.leaseMs,
      o.held,
      o.maxOfTenant,
      o.after.tenant,
      JSON.stringify(o.heldOf.tenants),
      JSON.stringify(o.heldOf.triggers),
      JSON.stringify(o.after.triggers),
    ],
  });
  const runs = rows.filter(({ id }) => id !== null).map(claimedRun);
  const [, backlog, unfinished, contended, lastTenant] = /^(backlog )?(unfinished )?(contended )?(.*)$/s.exec(
    rows[0]!.state,
  )!;
  return {
    runs,
    backlog: backlog !== undefined,
    unfinished: unfinished !== undefined,
    contended: contended !== undefined,
    lastTenant: runs.at(-1)?.orgId ?? (lastTenant || undefined),
  };
}

function claimedRun(row: Row): UnplannedRun {
  return {
    id: row.id!,
    orgId: row.org_id,
    triggerId: row.trigger_id,
    traceparent: row.traceparent ?? undefined,
    epoch: row.epoch,
    attempts: row.attempts,
    warnings: JSON.parse(row.warnings) as string[],
    planHash: row.plan_hash,
    cancelRequested: row.cancel_requested_at !== null,
    waitedMs: row.waited_ms,
    event: {
      id: row.event_id,
      type: row.event_type,
      payload: row.payload,
      occurredAt: row.occurred_at,
      receivedAt: row.received_at,
    },
  };
}
