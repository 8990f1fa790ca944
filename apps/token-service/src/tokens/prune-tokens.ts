import type { Pool } from '@agent-platform/database';

/** An ended token is kept this long after its end or its last use after that: the list shows who still sends it. */
const KEEP_ENDED_MS = 90 * 86_400_000;
const BATCH = 500;

/**
 * Reads the index on the end of tokens, oldest first. Locks what it deletes and passes over what somebody else has
 * locked, so that several replicas can do it at once.
 */
const PRUNE = `
  delete from webhook_tokens where id in (
    select id from webhook_tokens
     where least(revoked_at, expires_at) < $1 and (refused_at is null or refused_at < $1)
     order by least(revoked_at, expires_at) limit ${BATCH} for update skip locked)`;

/** Deletes tokens that ended long ago, in batches. @returns how many. */
export async function pruneTokens(pool: Pool, nowMs: number, signal: AbortSignal): Promise<number> {
  const before = new Date(nowMs - KEEP_ENDED_MS);
  let pruned = 0;
  for (let last = BATCH; last === BATCH && !signal.aborted; pruned += last) {
    last = (await pool.query(PRUNE, [before])).rowCount ?? 0;
  }
  return pruned;
}
