import type { Pool } from '@agent-platform/database';
import type { ReplayKey } from '../rows/replay.ts';
import type { Problem } from '../rows/run.ts';

/** Whoever got further meanwhile is asked to pause too: harmless. */
const POSTPONE_REPLAY = `
  update replays set due_at = now() + $3 * interval '1 ms', error_code = $4, error_message = $5
  where org_id = $1 and id = $2 and state = 'running'`;

/** Says why a replay does not go on, and when to try again. */
export async function postponeReplay(
  pool: Pool,
  { orgId, id }: ReplayKey,
  o: { readonly delayMs: number; readonly error: Problem },
): Promise<void> {
  await pool.query(POSTPONE_REPLAY, [orgId, id, o.delayMs, o.error.code, o.error.message]);
}
