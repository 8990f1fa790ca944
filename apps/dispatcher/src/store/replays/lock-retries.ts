import type { PoolClient } from '@agent-platform/database';

/** A statement sees what was committed when it began: the ones after this see what others have started. */
const LOCK_RETRIES = `select pg_advisory_xact_lock(hashtextextended($1, 2026112811))`;

/** One batch of retries of a tenant at a time, until the transaction ends. Before locks on anything but the replay. */
export async function lockRetries(client: PoolClient, orgId: string): Promise<void> {
  await client.query(LOCK_RETRIES, [orgId]);
}
