import type { Pool } from '@agent-platform/database';
import type { ReplayKey } from '../rows/replay.ts';

/** Waits for the batch that is under way; what was started stays. */
const CANCEL_REPLAY = `
  update replays
  set state = 'cancelled', finished_at = clock_timestamp(), scope = null, position = null, error_code = null,
      error_message = null
  where org_id = $1 and id = $2 and state = 'running'`;

/** @returns whether there was anything to cancel. */
export async function cancelReplay(pool: Pool, { orgId, id }: ReplayKey): Promise<boolean> {
  const { rowCount } = await pool.query(CANCEL_REPLAY, [orgId, id]);
  return rowCount === 1;
}
