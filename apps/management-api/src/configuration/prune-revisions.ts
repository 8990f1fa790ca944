import type { Pool } from '@agent-platform/database';

/** Events are deleted now and then, and may have been matched a while after something else was written. */
const MARGIN_MS = 86_400_000;
const BATCH = 1_000;

/**
 * What was replaced before the time ($1), and deletions of what is gone by now. Versions are times. Readers ask for newer
 * versions, which these rows do not belong to.
 */
const PRUNE = `
  delete from configuration_revisions where ctid = any (array(
    select r.ctid from configuration_revisions r
    where r.version < $1 and (
      exists (
        select from configuration_revisions later
        where later.org_id = r.org_id and later.id = r.id and later.version > r.version and later.version < $1
      )
      or r.content is null and not exists (
        select from configuration_revisions earlier
        where earlier.org_id = r.org_id and earlier.id = r.id and earlier.version < r.version
      )
    )
    limit ${BATCH}
  ))`;

/** Deletes revisions that no event can have met. @returns whether there may be more. */
export async function pruneRevisions(
  pool: Pick<Pool, 'query'>,
  o: { readonly keepMs: number; readonly nowMs: number },
): Promise<boolean> {
  const { rowCount } = await pool.query(PRUNE, [Math.floor(o.nowMs - o.keepMs - MARGIN_MS)]);
  return rowCount === BATCH;
}
