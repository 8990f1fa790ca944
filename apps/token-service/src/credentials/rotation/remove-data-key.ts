import { isForeignKeyViolation, type Pool } from '@agent-platform/database';

const REMOVE = `
  delete from data_keys k
  where org_id = $1 and version = $2
    and not exists (select from sealed_secrets s where s.org_id = k.org_id and s.data_key_version = k.version)`;

/** Removes a superseded data key unless something is sealed with it. @returns whether it did. */
export async function removeDataKey(pool: Pool, orgId: string, version: number): Promise<boolean> {
  try {
    return (await pool.query(REMOVE, [orgId, version])).rowCount === 1;
  } catch (error) {
    // Somebody has sealed a secret with it this very moment: it is the foreign key that decides, not the look before.
    if (isForeignKeyViolation(error)) return false;
    throw error;
  }
}
