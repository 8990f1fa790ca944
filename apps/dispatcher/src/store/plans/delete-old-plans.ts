import type { PoolClient } from '@agent-platform/database';
import { MARK_PLANS_EVERY } from './mark-plans.ts';

/**
 * Plans that nothing was started by for long, and that no run refers to. Finds the runs of a plan among those of its
 * trigger. A plan that is just marked as used is looked at again, and stays.
 */
const DELETE_OLD_PLANS = `
  delete from plans where ctid = any (array(
    select p.ctid from plans p
    where p.used_at < $1::timestamptz - ${MARK_PLANS_EVERY}
      and not exists (select from runs r where r.org_id = p.org_id and r.trigger_id = p.trigger_id and r.plan_hash = p.hash)
    limit $2
  )) and used_at < $1::timestamptz - ${MARK_PLANS_EVERY}`;

/** @returns how many were deleted. */
export async function deleteOldPlans(
  client: PoolClient,
  o: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { rowCount } = await client.query(DELETE_OLD_PLANS, [o.before, o.limit]);
  return rowCount ?? 0;
}
