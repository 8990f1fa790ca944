import { transaction } from '@agent-platform/database';
import type { Encrypted } from '../aead.ts';
import type { DataKey } from '../data-key-cache.ts';
import { headersOf } from '../credential-owner.ts';
import { openDirectlySealed } from '../directly-sealed.ts';
import { open, seal } from '../sealing.ts';
import { isUnreadable } from '../unreadable.ts';
import type { RotationContext, RotationCounts } from './context.ts';
import type { Outdated } from './find-outdated.ts';
import { inTheBackground } from './in-the-background.ts';

const BATCH = 100;

// Locked for the few milliseconds of a batch: a write waits for them, a read does not. Processes at it at once take
// different rows and never wait for each other; a row somebody is writing gets the current data key that way.
const LOCK = `
  select skill_id as "skillId", ciphertext, nonce, key_version as "keyVersion"
  from skill_credentials
  where org_id = $1 and (data_key_version = $2 or ($2 is null and data_key_version is null)) and skill_id > $3
  order by skill_id
  limit $4
  for no key update skip locked`;

const REPLACE = `
  update skill_credentials c
  set ciphertext = fresh.ciphertext, nonce = fresh.nonce, data_key_version = $2, key_version = null
  from unnest($3::text[], $4::bytea[], $5::bytea[]) as fresh (skill_id, ciphertext, nonce)
  where c.org_id = $1 and c.skill_id = fresh.skill_id`;

type Row = Encrypted & { readonly skillId: string; readonly keyVersion: number };

/**
 * Seals what is outdated with the tenant's current data key, batch by batch. What is done is only ever told by the rows
 * themselves, so a process that is killed leaves nothing to repair, and the next one goes on where it was.
 */
export async function resealCredentials(
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
    const owner = headersOf(orgId, row.skillId);
    const plain = oldKey ? open(oldKey, owner, row) : openDirectlySealed(context.keyRing, owner, row);
    return { skillId: row.skillId, ...seal(current, owner, plain) };
  };

  const resealBatch = async (after: string): Promise<string | undefined> => {
    const current = await context.dataKeys.current(orgId);
    return transaction(context.pool, async (client) => {
      // Should this process lose the database here, the rows are not locked until the server notices.
      await client.query(`set local idle_in_transaction_session_timeout = '10s'`);
      const { rows } = await client.query<Row>(LOCK, [orgId, dataKeyVersion, after, BATCH]);
      const fresh = rows.flatMap((row) => {
        try {
          return [resealed(row, current)];
        } catch (err) {
          if (!isUnreadable(err)) throw err;
          counts.unreadable += 1;
          context.logger.warn({ err, orgId, skillId: row.skillId }, 'a credential cannot be re-sealed');
          return [];
        }
      });
      const column = <K extends keyof (typeof fresh)[number]>(name: K) => fresh.map((row) => row[name]);
      await client.query(REPLACE, [orgId, current.version, column('skillId'), column('ciphertext'), column('nonce')]);
      counts.resealed += fresh.length;
      return rows.length < BATCH ? undefined : rows.at(-1)?.skillId;
    });
  };

  let after: string | undefined = '';
  while (after !== undefined) {
    const from: string = after;
    after = await inTheBackground(signal, () => resealBatch(from));
  }
}
