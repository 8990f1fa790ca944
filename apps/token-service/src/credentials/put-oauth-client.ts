import { toJsonString } from '@bufbuild/protobuf';
import { OAuthClientSchema, type PutOAuthClientRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { putSecret } from './put-secret.ts';

/** Sealed as a whole: which client a skill uses at which server is nobody's business either. */
export async function putOAuthClient(
  context: Context,
  { orgId, skillId, oauthClient }: PutOAuthClientRequest,
): Promise<void> {
  const plain = oauthClient && toJsonString(OAuthClientSchema, oauthClient);
  await putSecret(context, { orgId, ownerId: skillId, field: 'oauth_client' }, plain);
}
