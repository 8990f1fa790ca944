import type { PoolClient } from '@agent-platform/database';

/** A transaction sees one state of the others, until it is told otherwise. */
const WAITING = `
  with fresh as materialized (select pg_stat_clear_snapshot())
  select from fresh, pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;

/** How many others wait for a lock. */
export async function waiting(client: PoolClient): Promise<number> {
  return (await client.query(WAITING)).rowCount ?? 0;
}
