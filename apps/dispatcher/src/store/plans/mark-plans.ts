import type { PoolClient } from '@agent-platform/database';
import type { PlanReference } from '../rows/plan.ts';

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

/** Of an organization, which a plan belongs to. */
export type OwnedPlanReference = Pick<PlanReference, 'planHash'> & { readonly orgId: string };

/** A plan by what it is, for sets and maps. */
export function keyOfPlan({ orgId, planHash }: OwnedPlanReference): string {
  return `${orgId} ${planHash.toString('base64')}`;
}

/**
 * Keeps plans that are there. Before the runs that refer to them, and before locks on anything else.
 *
 * @returns the keys of those that are.
 */
export async function markPlans(
  client: Pick<PoolClient, 'query'>,
  wanted: readonly OwnedPlanReference[],
): Promise<ReadonlySet<string>> {
  const keys = [...new Map(wanted.map((plan) => [keyOfPlan(plan), plan])).values()];
  const { rows } = await client.query<{ org_id: string; hash: Buffer }>({
    name: 'mark-plans',
    text: MARK_PLANS,
    values: [keys.map(({ orgId }) => orgId), keys.map(({ planHash }) => planHash)],
  });
  return new Set(rows.map(({ org_id: orgId, hash }) => keyOfPlan({ orgId, planHash: hash })));
}
