import type { PoolClient } from '@agent-platform/database';

/** What is over stays as it is, so nobody else writes these rows. */
const DELETE_OLD_REPLAYS = `
  delete from replays
  where (org_id, id) in (select org_id, id from replays where finished_at < $1 order by finished_at limit $2)`;

/** @returns how many were deleted. */
export async function deleteOldReplays(
  client: PoolClient,
  o: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { rowCount } = await client.query(DELETE_OLD_REPLAYS, [o.before, o.limit]);
  return rowCount ?? 0;
}
