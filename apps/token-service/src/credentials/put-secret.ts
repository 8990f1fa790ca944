import { isForeignKeyViolation } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import type { Context } from '../context.ts';
import { seal, type SecretPlace } from './sealing.ts';

// An id that another tenant has is a conflict that updates nothing.
const PUT = `
  insert into sealed_secrets (org_id, owner_id, field, version, in_force, origin, ciphertext, nonce, data_key_version, updated_at)
  values ($1, $2, $3, $4, $4 = 0, $5, $6, $7, $8, $9)
  on conflict (owner_id, field, version) do update
    set origin = excluded.origin, ciphertext = excluded.ciphertext, nonce = excluded.nonce, data_key_version = excluded.data_key_version,
        key_version = null, updated_at = excluded.updated_at
    where sealed_secrets.org_id = excluded.org_id`;

/** Replaces a secret; `undefined` removes it. @throws AppError `owner_not_found` when it is another tenant's. */
export async function putSecret(context: Context, place: SecretPlace, plain: string | undefined): Promise<void> {
  const { orgId, ownerId, field, version, origin } = place;
  if (plain === undefined) {
    await context.database.tenant(orgId).sealedSecret.deleteMany({ where: { ownerId, field, version } });
    return;
  }
  const write = async () => {
    const dataKey = await context.dataKeys.current(orgId);
    const { ciphertext, nonce } = seal(dataKey, place, plain);
    const values = [
      orgId,
      ownerId,
      field,
      version,
      origin,
      ciphertext,
      nonce,
      dataKey.version,
      new Date(context.clock()),
    ];
    return context.pool.query(PUT, values);
  };
  const written = await write().catch((error: unknown) => {
    // A rotation has just replaced and removed the data key that was the current one.
    if (isForeignKeyViolation(error)) return write();
    throw error;
  });
  if (written.rowCount === 0) throw new AppError('not_found', 'owner_not_found', `There is no ${ownerId}.`);
}
