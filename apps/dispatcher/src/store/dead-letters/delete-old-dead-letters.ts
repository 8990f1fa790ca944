import type { PoolClient } from '@agent-platform/database';

/** One that is being redriven right now goes too: its event is stored by itself. */
const DELETE_OLD_DEAD_LETTERS = `
  delete from dead_letters where id in
    (select id from dead_letters where dead_lettered_at < $1 order by dead_lettered_at, id limit $2)`;

/** @returns how many. */
export async function deleteOldDeadLetters(
  client: PoolClient,
  o: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { rowCount } = await client.query(DELETE_OLD_DEAD_LETTERS, [o.before, o.limit]);
  return rowCount ?? 0;
}
