import type { StoredDataKey } from '../data-key-cache.ts';
import { isUnreadable } from '../unreadable.ts';
import type { RotationContext, RotationCounts } from './context.ts';
import { inTheBackground } from './in-the-background.ts';

const BATCH = 100;

// Only ever upward. While an operator changes the order of the ring replica by replica, two of them have different
// current versions; each moving the other's keys to its own would never end.
const FIND = `
  select org_id as "orgId", version, key_version as "keyVersion", wrapped
  from data_keys
  where key_version < $1 and (org_id, version) > ($2, $3)
  order by org_id, version
  limit $4`;

// Without a lock, because a key management service may take its time: of two processes at the same key, the second
// finds it changed. One row per statement, so that none waits for another in a circle.
const REPLACE = `
  update data_keys set wrapped = $3, key_version = $4
  where org_id = $1 and version = $2 and wrapped = $5`;

/** Wraps every data key that is wrapped by an older key-encryption key by the current one. */
export async function rewrapDataKeys(
  { pool, keyEncryption, logger }: RotationContext,
  counts: RotationCounts,
  signal: AbortSignal,
): Promise<void> {
  async function rewrap({ orgId, version, keyVersion, wrapped }: StoredDataKey): Promise<void> {
    const purpose = { orgId, version };
    const plain = await keyEncryption.unwrap(purpose, { keyVersion, wrapped });
    const fresh = await keyEncryption.wrap(purpose, plain);
    plain.fill(0);
    const { rowCount } = await pool.query(REPLACE, [orgId, version, fresh.wrapped, fresh.keyVersion, wrapped]);
    counts.rewrapped += rowCount!;
  }

  async function findAfter(last?: StoredDataKey): Promise<StoredDataKey[]> {
    const values = [keyEncryption.currentVersion, last?.orgId ?? '', last?.version ?? 0, BATCH];
    return (await pool.query<StoredDataKey>(FIND, values)).rows;
  }

  for (let rows = await findAfter(); rows.length > 0; rows = await findAfter(rows.at(-1))) {
    for (const row of rows) {
      try {
        await inTheBackground(signal, () => rewrap(row));
      } catch (err) {
        if (!isUnreadable(err)) throw err;
        counts.unreadable += 1;
        logger.warn({ err, orgId: row.orgId, version: row.version }, 'a data key cannot be re-wrapped');
      }
    }
  }
}
