import type { Pool } from '@agent-platform/database';
import type { Replay, ReplayKey } from '../rows/replay.ts';

const FIND_REPLAY = `
  select org_id as "orgId", id, kind, request, requested_by as "requestedBy", state, event_count as "eventCount",
         run_count as "runCount", started_count as "startedCount", error_code as "errorCode",
         error_message as "errorMessage", created_at as "createdAt", finished_at as "finishedAt"
  from replays where org_id = $1 and id = $2`;

export async function findReplay(pool: Pool, { orgId, id }: ReplayKey): Promise<Replay | undefined> {
  return (await pool.query<Replay>(FIND_REPLAY, [orgId, id])).rows[0];
}
