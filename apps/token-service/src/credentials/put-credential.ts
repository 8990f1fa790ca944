import { isForeignKeyViolation } from '@agent-platform/database';
import type { PutCredentialRequest } from '@agent-platform/proto';
import { AppError } from '@agent-platform/service';
import type { Context } from '../context.ts';
import { headersOf } from './credential-owner.ts';
import { seal } from './sealing.ts';

// An id that another tenant has is a conflict that updates nothing.
const PUT = `
  insert into skill_credentials (org_id, skill_id, ciphertext, nonce, data_key_version, updated_at)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (skill_id) do update
    set ciphertext = excluded.ciphertext, nonce = excluded.nonce, data_key_version = excluded.data_key_version,
        key_version = null, updated_at = excluded.updated_at
    where skill_credentials.org_id = excluded.org_id`;

/** All headers of a skill are sealed as one, so that not even their number shows. */
export async function putCredential(
  context: Context,
  { orgId, skillId, headers }: PutCredentialRequest,
): Promise<void> {
  if (Object.keys(headers).length === 0) {
    await context.database.tenant(orgId).skillCredential.deleteMany({ where: { skillId } });
    return;
  }
  const write = async () => {
    const dataKey = await context.dataKeys.current(orgId);
    const { ciphertext, nonce } = seal(dataKey, headersOf(orgId, skillId), JSON.stringify(headers));
    const values = [orgId, skillId, ciphertext, nonce, dataKey.version, new Date(context.clock())];
    return context.pool.query(PUT, values);
  };
  const written = await write().catch((error: unknown) => {
    // A rotation has just replaced and removed the data key that was the current one.
    if (isForeignKeyViolation(error)) return write();
    throw error;
  });
  if (written.rowCount === 0) throw new AppError('not_found', 'skill_not_found', `There is no skill ${skillId}.`);
}
