import type { Pool } from 'pg';

/**
 * Rejects unless the database takes writes: it is there, is no replica, and its disk has room for one page more.
 * A table is the cheapest thing that needs room; a row in an old one may still fit where others were.
 */
export async function checkWritable(pool: Pick<Pool, 'query'>): Promise<void> {
  await pool.query('create temporary table ready on commit drop as select 1');
}
