import { transaction } from '@agent-platform/database';
import type { Encrypted } from '../aead.ts';
import type { DataKey } from '../data-key-cache.ts';
import { openDirectlySealed } from '../directly-sealed.ts';
import { open, seal, type SecretField, type SecretPlace } from '../sealing.ts';
import { isUnreadable } from '../unreadable.ts';
import type { RotationContext, RotationCounts } from './context.ts';
import type { Outdated } from './find-outdated.ts';
import { inTheBackground } from './in-the-background.ts';

const BATCH = 100;

// Locked for the few milliseconds of a batch: a write waits for them, a read does not. Processes at it at once take
// different rows and never wait for each other; a row somebody is writing gets the current data key that way.
const LOCK = `
  select owner_id as "ownerId", field, version, origin, ciphertext, nonce, key_version as "keyVersion"
  from sealed_secrets
  where org_id = $1 and (data_key_version = $2 or ($2 is null and data_key_version is null)) and (owner_id, field, version) > ($3, $4, $5)
  order by owner_id, field, version
  limit $6
  for no key update skip locked`;

const REPLACE = `
  update sealed_secrets s
  set ciphertext = fresh.ciphertext, nonce = fresh.nonce, data_key_version = $2, key_version = null
  from unnest($3::text[], $4::text[], $5::int[], $6::bytea[], $7::bytea[])
    as fresh (owner_id, field, version, ciphertext, nonce)
  where s.org_id = $1 and s.owner_id = fresh.owner_id and s.field = fresh.field and s.version = fresh.version`;

interface Position {
  readonly ownerId: string;
  readonly field: SecretField | '';
  readonly version: number;
}

type Row = Encrypted & Omit<SecretPlace, 'orgId'> & { readonly keyVersion: number };

/**
 * Seals what is outdated with the tenant's current data key, batch by batch. What is done is only ever told by the rows
 * themselves, so a process that is killed leaves nothing to repair, and the next one goes on where it was.
 */
export async function resealSecrets(
  context: RotationContext,
  { orgId, dataKeyVersion }: Outdated,
  counts: RotationCounts,
  signal: AbortSignal,
): Promise<void> {
  // Keys are unwrapped before rows are locked.
  const oldKey = dataKeyVersion === null ? undefined : await context.dataKeys.find(orgId, dataKeyVersion);
  // Removed by another process: nothing is sealed with it any more.
  if (dataKeyVersion !== null && oldKey === undefined) return;
  const resealed = (row: Row, current: DataKey) => {
    const { ownerId, field, version, origin } = row;
    const place = { orgId, ownerId, field, version, origin };
    const plain = oldKey ? open(oldKey, place, row) : openDirectlySealed(context.keyRing, place, row);
    return { ownerId, field, version, ...seal(current, place, plain) };
  };

  const resealBatch = async (after: Position): Promise<Position | undefined> => {
    const current = await context.dataKeys.current(orgId);
    return transaction(context.pool, async (client) => {
      // Should this process lose the database here, the rows are not locked until the server notices.
      await client.query(`set local idle_in_transaction_session_timeout = '10s'`);
      const { rows } = await client.query<Row>(LOCK, [
        orgId,
        dataKeyVersion,
        after.ownerId,
        after.field,
        after.version,
        BATCH,
      ]);
      const fresh = rows.flatMap((row) => {
        try {
          return [resealed(row, current)];
        } catch (err) {
          if (!isUnreadable(err)) throw err;
          counts.unreadable += 1;
          context.logger.warn({ err, orgId, ownerId: row.ownerId, field: row.field }, 'a secret cannot be re-sealed');
          return [];
        }
      });
      const column = <K extends keyof (typeof fresh)[number]>(name: K) => fresh.map((row) => row[name]);
      const columns = [column('ownerId'), column('field'), column('version'), column('ciphertext'), column('nonce')];
      await client.query(REPLACE, [orgId, current.version, ...columns]);
      counts.resealed += fresh.length;
      return rows.length < BATCH ? undefined : rows.at(-1);
    });
  };

  let after: Position | undefined = { ownerId: '', field: '', version: -1 };
  while (after !== undefined) {
    const from: Position = after;
    after = await inTheBackground(signal, () => resealBatch(from));
  }
}
