import type { PoolClient } from '@agent-platform/database';
import type { Batch, ReplayKey } from '../rows/replay.ts';

/**
 * In the transaction that started the runs of a batch, by whoever holds the row: what is counted has happened once.
 * `clock_timestamp()` puts it behind those that became due meanwhile.
 */
const ADVANCE_REPLAY = `
  update replays
  set started_count = started_count + $3, position = $4, due_at = clock_timestamp(), error_code = null,
      error_message = null,
      state = case when $4::text is null then 'succeeded' else state end,
      scope = case when $4::text is null then null else scope end,
      finished_at = case when $4::text is null then clock_timestamp() end
  where org_id = $1 and id = $2`;

export async function advanceReplay(client: PoolClient, { orgId, id }: ReplayKey, batch: Batch): Promise<void> {
  await client.query(ADVANCE_REPLAY, [orgId, id, batch.started, batch.position]);
}
