import { randomBytes } from 'node:crypto';
import type { Pool } from '@agent-platform/database';
import { createDataKeyCache, type DataKey, type StoredDataKey } from './data-key-cache.ts';
import type { KeyEncryption } from './key-encryption.ts';
import { isUnreadable } from './unreadable.ts';

/** The data keys of tenants. */
export interface DataKeys {
  /** What the tenant's secrets are to be sealed with; made when there is none that can be used. */
  current(orgId: string): Promise<DataKey>;
  /** @throws AppError `credential_unreadable` */
  find(orgId: string, version: number): Promise<DataKey | undefined>;
  /** @throws AppError `credential_unreadable` */
  open(stored: StoredDataKey): Promise<DataKey>;
  /** Makes the data key of this version. @returns false when somebody else already has. */
  create(orgId: string, version: number): Promise<boolean>;
}

const KEY_BYTES = 32;
const COLUMNS = 'org_id as "orgId", version, key_version as "keyVersion", wrapped';
const FIND = `select ${COLUMNS} from data_keys where org_id = $1 and version = $2`;
const FIND_NEWEST = `select ${COLUMNS} from data_keys where org_id = $1 order by version desc limit 1`;

// Of processes that make the same version at once, one wins and all go on with its key.
const CREATE = `
  insert into data_keys (org_id, version, key_version, wrapped, created_at) values ($1, $2, $3, $4, $5)
  on conflict (org_id, version) do nothing`;

export interface DataKeysOptions {
  readonly pool: Pool;
  readonly keyEncryption: KeyEncryption;
  readonly clock: () => number;
}

export function createDataKeys({ pool, keyEncryption, clock }: DataKeysOptions): DataKeys {
  const open = createDataKeyCache(keyEncryption);

  async function newest(orgId: string): Promise<StoredDataKey | undefined> {
    return (await pool.query<StoredDataKey>(FIND_NEWEST, [orgId])).rows[0];
  }

  async function create(orgId: string, version: number): Promise<boolean> {
    const plain = randomBytes(KEY_BYTES);
    const { keyVersion, wrapped } = await keyEncryption.wrap({ orgId, version }, plain);
    plain.fill(0);
    const values = [orgId, version, keyVersion, wrapped, new Date(clock())];
    return (await pool.query(CREATE, values)).rowCount === 1;
  }

  return {
    open,
    create,
    async find(orgId, version) {
      const { rows } = await pool.query<StoredDataKey>(FIND, [orgId, version]);
      return rows[0] && open(rows[0]);
    },
    async current(orgId) {
      const found = await newest(orgId);
      try {
        if (found) return await open(found);
      } catch (error) {
        // A key that is lost must not keep the tenant from setting its secrets again.
        if (!isUnreadable(error)) throw error;
      }
      await create(orgId, (found?.version ?? 0) + 1);
      return open((await newest(orgId))!);
    },
  };
}
