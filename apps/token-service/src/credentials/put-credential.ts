import type { PutCredentialRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { putSecret } from './put-secret.ts';

/** All headers of a skill are sealed as one, so that not even their number shows. */
export async function putCredential(
  context: Context,
  { orgId, skillId, headers }: PutCredentialRequest,
): Promise<void> {
  const plain = Object.keys(headers).length === 0 ? undefined : JSON.stringify(headers);
  await putSecret(context, { orgId, ownerId: skillId, field: 'headers' }, plain);
}
