import type { Pool } from '@agent-platform/database';
import { newId } from '@agent-platform/ids';
import { createDataKeys } from '../src/credentials/data-keys.ts';
import { createKeyRing } from '../src/credentials/key-ring.ts';
import { seal } from '../src/credentials/sealing.ts';
import { parseVersionedKeys } from '../src/versioned-keys.ts';
import { insertDirectlySealed } from '../tests/directly-sealed.ts';
import type { Credential } from './read-load.ts';

/** Of the one server of all credentials. */
const ORIGIN = 'https://mcp.example';

const INSERT = `
  insert into sealed_secrets (org_id, owner_id, field, origin, ciphertext, nonce, data_key_version, updated_at)
  select $1, owner_id, 'headers', '${ORIGIN}', ciphertext, nonce, $2, now()
  from unnest($3::text[], $4::bytea[], $5::bytea[]) as r (owner_id, ciphertext, nonce)`;

/**
 * Stores credentials of many tenants: the first half of each as they were before there were data keys, the other half
 * under a data key made at `madeAt`.
 *
 * @returns those that can be read: the older ones are not bound to a server, and are answered to nobody.
 */
export async function seed(
  pool: Pool,
  o: { keyRing: string; tenants: number; perTenant: number; madeAt: Date },
): Promise<Credential[]> {
  const keyEncryption = createKeyRing(parseVersionedKeys(o.keyRing)!);
  const dataKeys = createDataKeys({ pool, keyEncryption, clock: () => o.madeAt.getTime() });
  const readable: Credential[] = [];
  for (let tenant = 0; tenant < o.tenants; tenant++) {
    const orgId = `org_${String(tenant).padStart(5, '0')}`;
    const credentials = Array.from({ length: o.perTenant }, () => {
      const skillId = newId('skl');
      return { orgId, skillId, headers: { Authorization: `Bearer of ${skillId}` } };
    });
    await insertDirectlySealed(pool, o.keyRing, credentials.slice(0, o.perTenant / 2));
    const dataKey = await dataKeys.current(orgId);
    const bound = credentials.slice(o.perTenant / 2);
    const rows = bound.map(({ skillId, headers }) => ({
      skillId,
      ...seal(
        dataKey,
        { orgId, ownerId: skillId, field: 'headers', version: 0, origin: ORIGIN },
        JSON.stringify(headers),
      ),
    }));
    const column = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
    await pool.query(INSERT, [orgId, dataKey.version, column('skillId'), column('ciphertext'), column('nonce')]);
    readable.push(...bound);
  }
  return readable;
}
