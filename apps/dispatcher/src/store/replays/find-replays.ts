import type { Pool } from '@agent-platform/database';

/** What a replay has started for an event. Reads the unique index of the promise, and takes no locks. */
const FIND_REPLAYS = `
  select trigger_id as "triggerId", id from runs where org_id = $1 and event_id = $2 and replay_id = $3`;

/** @returns the run's id by the trigger's. */
export async function findReplays(
  pool: Pool,
  o: { readonly orgId: string; readonly eventId: string; readonly replayId: string },
): Promise<ReadonlyMap<string, string>> {
  const values = [o.orgId, o.eventId, o.replayId];
  const { rows } = await pool.query<{ triggerId: string; id: string }>(FIND_REPLAYS, values);
  return new Map(rows.map(({ triggerId, id }) => [triggerId, id]));
}
