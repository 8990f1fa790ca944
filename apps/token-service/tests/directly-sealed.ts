import { createCipheriv, randomBytes } from 'node:crypto';
import type { Pool } from '@agent-platform/database';
import { parseVersionedKeys } from '../src/versioned-keys.ts';

/** Stores credentials as they were sealed before there were data keys: by the first key of the ring itself. */
export async function insertDirectlySealed(
  pool: Pool,
  keyRing: string,
  credentials: readonly { orgId: string; skillId: string; headers: Record<string, string> }[],
): Promise<void> {
  const { keys, currentVersion } = parseVersionedKeys(keyRing)!;
  const rows = credentials.map(({ orgId, skillId, headers }) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', keys.get(currentVersion)!, nonce, { authTagLength: 16 });
    cipher.setAAD(Buffer.from(JSON.stringify([orgId, skillId, 'headers', currentVersion])));
    const parts = [cipher.update(JSON.stringify(headers), 'utf8'), cipher.final(), cipher.getAuthTag()];
    return { orgId, skillId, nonce, ciphertext: Buffer.concat(parts) };
  });
  const column = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  await pool.query(
    `insert into sealed_secrets (org_id, owner_id, field, ciphertext, nonce, key_version, updated_at)
     select org_id, owner_id, 'headers', ciphertext, nonce, $5, now()
     from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[]) as r (org_id, owner_id, ciphertext, nonce)`,
    [column('orgId'), column('skillId'), column('ciphertext'), column('nonce'), currentVersion],
  );
}
