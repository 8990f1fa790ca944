import type { PoolClient } from '@agent-platform/database';
import { keyOfPlan, markPlans } from './mark-plans.ts';
import type { PlannedRun } from '../rows/plan.ts';

/** Waits for others that are just inserting the same; in the order of the keys: no deadlocks. */
const INSERT_PLANS = `
  insert into plans (org_id, hash, trigger_id, content, used_at)
  select org_id, hash, trigger_id, content, now()
  from unnest($1::text[], $2::bytea[], $3::text[], $4::text[]) as p (org_id, hash, trigger_id, content)
  order by org_id, hash
  on conflict (org_id, hash) do update set used_at = excluded.used_at`;

export type OwnedPlan = Pick<PlannedRun, 'triggerId' | 'plan' | 'planHash'> & { readonly orgId: string };

/** Has every plan stored, once. Before the runs that refer to them, and before locks on anything else. */
export async function ensurePlans(client: Pick<PoolClient, 'query'>, planned: readonly OwnedPlan[]): Promise<void> {
  const wanted = new Map(planned.map((plan) => [keyOfPlan(plan), plan]));
  if (wanted.size === 0) return;
  for (const key of await markPlans(client, [...wanted.values()])) wanted.delete(key);
  if (wanted.size === 0) return;
  const missing = [...wanted.values()];
  await client.query(INSERT_PLANS, [
    missing.map(({ orgId }) => orgId),
    missing.map(({ planHash }) => planHash),
    missing.map(({ triggerId }) => triggerId),
    missing.map(({ plan }) => plan),
  ]);
}
