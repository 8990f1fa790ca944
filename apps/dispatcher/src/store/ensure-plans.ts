import type { PoolClient } from '@agent-platform/database';
import type { PlannedRun } from '../events/plan.ts';

/** A plan that is used again is marked at most this often. Nothing marked since then is deleted. */
export const MARK_PLANS_EVERY = "interval '1 hour'";

/**
 * Which plans are there, each of them safe from retention from now on: retention deletes only what was not used for longer
 * than that, and looks again at a row that was updated under it. Locks the rows it marks, in the order of their keys.
 */
const MARK_PLANS = `
  with wanted as (
    select * from unnest($1::text[], $2::bytea[]) as w (org_id, hash)
  ), stale as (
    select org_id, hash from plans join wanted using (org_id, hash)
    where used_at < now() - ${MARK_PLANS_EVERY}
    order by org_id, hash for no key update of plans
  ), marked as (
    update plans set used_at = now() from stale where plans.org_id = stale.org_id and plans.hash = stale.hash
    returning plans.org_id, plans.hash
  )
  select org_id, hash from plans join wanted using (org_id, hash) where used_at >= now() - ${MARK_PLANS_EVERY}
  union all select org_id, hash from marked`;

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
  const wanted = new Map(planned.map((plan) => [keyOf(plan.orgId, plan.planHash), plan]));
  if (wanted.size === 0) return;
  const keys = [...wanted.values()];
  const { rows } = await client.query<{ org_id: string; hash: Buffer }>({
    name: 'mark-plans',
    text: MARK_PLANS,
    values: [keys.map(({ orgId }) => orgId), keys.map(({ planHash }) => planHash)],
  });
  for (const { org_id: orgId, hash } of rows) wanted.delete(keyOf(orgId, hash));
  if (wanted.size === 0) return;
  const missing = [...wanted.values()];
  await client.query(INSERT_PLANS, [
    missing.map(({ orgId }) => orgId),
    missing.map(({ planHash }) => planHash),
    missing.map(({ triggerId }) => triggerId),
    missing.map(({ plan }) => plan),
  ]);
}

function keyOf(orgId: string, hash: Buffer): string {
  return `${orgId} ${hash.toString('base64')}`;
}
