import type { Pool } from '@agent-platform/database';
import { claimRuns, type Claim } from '../../src/store/runs/claim-runs.ts';
import { createTurns } from '../../src/execution/turns.ts';

/** Runs that are due, each with an event of its own: of a tenant, spread over some triggers. */
export async function insertDueRuns(
  pool: Pool,
  o: { readonly orgId: string; readonly count: number; readonly triggers?: number },
): Promise<void> {
  const triggers = o.triggers ?? 1;
  await pool.query(
    `insert into events (id, org_id, source_id, event_type, payload, delivery_id, received_at, decisions)
     select 'evt_' || $1 || n, $1, 'src', 'a.b', '{}', 'dlv_' || n, now(), '[]' from generate_series(1, $2::int) as n`,
    [o.orgId, o.count],
  );
  await pool.query(
    `insert into runs (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, status,
                       claimable_at, created_at)
     select 'run_' || $1 || n, $1, 'evt_' || $1 || n, 'src', 'trg_' || $1 || lpad((n % $3::int)::text, 4, '0'), 't', 'agt', 'a',
            '\\x00', 'queued', now() - interval '1 s' + n * interval '1 us', now()
     from generate_series(1, $2::int) as n`,
    [o.orgId, o.count, triggers],
  );
}

export const claimOf = (over: Partial<Claim>): Claim => ({
  limit: 100,
  leaseMs: 60_000,
  maxOfTenant: 1_000_000,
  held: [],
  heldOf: { tenants: {}, triggers: {} },
  after: { tenant: '', triggers: {} },
  ...over,
});

/** Claims as one worker does that is done with each run at once. */
export function createClaimer(pool: Pool, over: Partial<Claim>) {
  const turns = createTurns();
  return async () => {
    const claimed = await claimRuns(pool, claimOf({ ...over, after: turns.after }));
    turns.had(claimed);
    await pool.query(`update runs set status = 'succeeded' where id = any ($1)`, [claimed.runs.map(({ id }) => id)]);
    return claimed.runs;
  };
}
