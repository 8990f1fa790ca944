import { firstIdAt } from '@agent-platform/ids';
import { Configuration } from '../../src/configuration/configuration.ts';
import { planRun } from '../../src/events/plan.ts';
import { ensurePlans } from '../../src/store/plans/ensure-plans.ts';
import { changesOf, configurationOf, ORG, SOURCE } from './configuration.ts';
import { createFixture, type Fixture } from './fixture.ts';
import { at } from './replays.ts';
import type { PlannedRun } from '../../src/store/rows/plan.ts';

/** What runs of the trigger do, as it is in the beginning. */
function plannedThen(): PlannedRun {
  const configured = configurationOf();
  const configuration = new Configuration();
  configuration.apply(changesOf(configured), 1n);
  return planRun(configuration, configured.triggers[0]!) as PlannedRun;
}

/** One in each millisecond of `range` and later, of an event of its own: `evt_1` and so on. */
export async function insertRuns(
  { pool }: Pick<Fixture, 'pool'>,
  count: number,
  { status = 'failed', from = 0 }: { status?: string; from?: number } = {},
): Promise<void> {
  const { plan, planHash, triggerId, triggerName, agentId, agentName } = plannedThen();
  await ensurePlans(pool, [{ orgId: ORG, triggerId, plan, planHash }]);
  const numbers = Array.from({ length: count }, (_, n) => from + n);
  const times = numbers.map((n) => new Date(Number(at(n).seconds) * 1_000 + at(n).nanos / 1e6));
  await pool.query(
    `insert into events (id, org_id, source_id, event_type, payload, delivery_id, received_at, decisions)
     select 'evt_' || n, $1, $2, 'invoice.uploaded', '{"invoice_id":"x"}', 'dlv', now(), '[]' from unnest($3::int[]) as n`,
    [ORG, SOURCE, numbers],
  );
  await pool.query(
    `insert into runs (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, status,
                       claimable_at, created_at, finished_at)
     select id, $1, 'evt_' || n, $2, $3, $4, $5, $6, $7, $8, time, time, time
     from unnest($9::text[], $10::int[], $11::timestamptz[]) as u (id, n, time)`,
    [
      ...[ORG, SOURCE, triggerId, triggerName, agentId, agentName, planHash, status],
      ...[times.map((time) => firstIdAt('run', time)), numbers, times],
    ],
  );
}

export async function withRuns(count: number): Promise<Fixture> {
  const fixture = await createFixture();
  await fixture.start();
  await insertRuns(fixture, count);
  return fixture;
}
