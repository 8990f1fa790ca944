import type { Pool } from '@agent-platform/database';

/**
 * One statement for both, so that a run cannot slip through between them: what nobody holds ends here, what a worker
 * holds is marked, and its worker comes to know with its next write or heartbeat. Locks the row; a worker that is just
 * claiming or writing it goes first or after, and both ways one of them sees what the other did.
 */
const CANCEL_RUN = `
  update runs
  set status = case when status = 'running' then status else 'cancelled' end,
      finished_at = case when status = 'running' then finished_at else now() end,
      cancel_requested_at = coalesce(cancel_requested_at, now()),
      cancel_requested_by = coalesce(cancel_requested_by, $3)
  where id = $1 and org_id = $2 and status in ('queued', 'awaiting_approval', 'running')`;

/** @returns whether there was anything to cancel. */
export async function cancelRun(
  pool: Pool,
  o: { readonly id: string; readonly orgId: string; readonly by: string },
): Promise<boolean> {
  const { rowCount } = await pool.query(CANCEL_RUN, [o.id, o.orgId, o.by]);
  return rowCount === 1;
}
