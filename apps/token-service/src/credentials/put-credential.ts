import type { PutCredentialRequest } from '@agent-platform/proto';
import { AppError } from '@agent-platform/service';
import type { Context } from '../context.ts';
import { headersOf } from './credential-owner.ts';

/** All headers of a skill are sealed as one, so that not even their number shows. */
export async function putCredential(context: Context, request: PutCredentialRequest): Promise<void> {
  const { orgId, skillId, headers } = request;
  const database = context.database.tenant(orgId);
  if (Object.keys(headers).length === 0) {
    await database.skillCredential.deleteMany({ where: { skillId } });
    return;
  }
  const { ciphertext, nonce, keyVersion } = context.sealer.seal(headersOf(orgId, skillId), JSON.stringify(headers));
  // An id that another tenant has is a conflict that updates nothing.
  const written = await database.$executeRaw`
    insert into skill_credentials (org_id, skill_id, ciphertext, nonce, key_version, updated_at)
    values (${orgId}, ${skillId}, ${ciphertext}, ${nonce}, ${keyVersion}, ${new Date(context.clock())})
    on conflict (skill_id) do update
      set ciphertext = excluded.ciphertext, nonce = excluded.nonce,
          key_version = excluded.key_version, updated_at = excluded.updated_at
      where skill_credentials.org_id = excluded.org_id`;
  if (written === 0) throw new AppError('not_found', 'skill_not_found', `There is no skill ${skillId}.`);
}
