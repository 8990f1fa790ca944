import type { PoolClient } from '@agent-platform/database';
import type { AskedReplay, ReplayCounts, ReplayWork } from '../rows/replay.ts';

/**
 * The replay with its id, once: `on conflict` waits for a concurrent insert of the same id to end, so exactly one of
 * two requests starts it. Nobody else sees the row until the transaction has done its first batch.
 */
const INSERT_REPLAY = `
  insert into replays (org_id, id, kind, request, requested_by, state, event_count, run_count, scope, position, due_at,
                       created_at)
  values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $9, now(), now())
  on conflict (org_id, id) do nothing`;

/** @returns whether it was new. */
export async function insertReplay(client: PoolClient, o: AskedReplay & ReplayCounts & ReplayWork): Promise<boolean> {
  const asked = [o.orgId, o.id, o.kind, o.request, o.requestedBy];
  const { rowCount } = await client.query(INSERT_REPLAY, [...asked, o.eventCount, o.runCount, o.scope, o.position]);
  return rowCount === 1;
}
