import type { Pool } from '@agent-platform/database';

/** Secrets of a tenant that are not sealed with its newest data key. */
export interface Outdated {
  readonly orgId: string;
  /** What they are sealed with; null: by a key-encryption key itself. */
  readonly dataKeyVersion: number | null;
  readonly secrets: number;
}

// From the data keys: superseded ones are few, and gone soon. Both parts read the same index.
const FIND = `
  select k.org_id as "orgId", k.version as "dataKeyVersion", count(s.owner_id)::int as secrets
  from data_keys k
  left join sealed_secrets s on s.org_id = k.org_id and s.data_key_version = k.version
  where exists (select from data_keys newer where newer.org_id = k.org_id and newer.version > k.version)
  group by k.org_id, k.version
  union all
  select org_id, null, count(*)::int
  from sealed_secrets
  where data_key_version is null
  group by org_id
  order by 1, 2`;

/** Superseded data keys, with or without secrets left, and what has no data key yet; over all tenants. */
export async function findOutdated(pool: Pool): Promise<Outdated[]> {
  return (await pool.query<Outdated>(FIND)).rows;
}
