import type { PoolClient } from '@agent-platform/database';

/**
 * The next runs by age, after one of them ($1), and whether they are over for long enough. Ids sort by the time they
 * were made, so the primary key finds them. Takes no locks.
 */
const LIST_OLD_RUNS = `
  select id, status in ('succeeded', 'failed', 'cancelled') and finished_at < $3 as "isOver"
  from runs where id > $1 and id < $2 order by id limit $4`;

/** What has ended stays as it is, so nobody else writes these rows. Steps first: none is left without its run. */
const DELETE_STEPS = `delete from steps where run_id = any ($1::text[])`;

const DELETE_RUNS = `delete from runs where id = any ($1::text[])`;

/** @returns where to go on; undefined at the end. */
export async function deleteOldRuns(
  client: PoolClient,
  o: { readonly after: string; readonly before: string; readonly finishedBefore: Date; readonly limit: number },
): Promise<{ readonly next: string | undefined; readonly runs: number; readonly steps: number }> {
  const listed = await client.query<{ id: string; isOver: boolean }>(LIST_OLD_RUNS, [
    o.after,
    o.before,
    o.finishedBefore,
    o.limit,
  ]);
  const ids = listed.rows.filter(({ isOver }) => isOver).map(({ id }) => id);
  const steps = await client.query(DELETE_STEPS, [ids]);
  const runs = await client.query(DELETE_RUNS, [ids]);
  const next = listed.rows.length === o.limit ? listed.rows.at(-1)!.id : undefined;
  return { next, runs: runs.rowCount ?? 0, steps: steps.rowCount ?? 0 };
}
