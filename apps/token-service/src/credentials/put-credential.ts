import { toJsonString } from '@bufbuild/protobuf';
import { OAuthClientSchema, type PutCredentialRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { findSecrets, openAll } from './open-secrets.ts';
import { ofAnotherServer } from './origin.ts';
import { putSecret } from './put-secret.ts';
import type { SecretField } from './sealing.ts';

/**
 * All headers of a skill are sealed as one, so that not even their number shows, and so is the client: which one a skill
 * uses at which server is nobody's business either.
 *
 * @throws AppError `credential_of_another_server` when what is to be kept was given for another server.
 */
export async function putCredential(context: Context, request: PutCredentialRequest): Promise<void> {
  const { orgId, skillId, origin, version, headers, oauthClient } = request;
  const kept = request.keepsHeaders || request.keepsOauthClient ? await keptOf(context, request) : {};
  const givenHeaders = Object.keys(headers).length === 0 ? undefined : JSON.stringify(headers);
  const givenClient = oauthClient && toJsonString(OAuthClientSchema, oauthClient);
  const place = { orgId, ownerId: skillId, version, origin };
  await putSecret(context, { ...place, field: 'headers' }, request.keepsHeaders ? kept.headers : givenHeaders);
  const client = request.keepsOauthClient ? kept.oauth_client : givenClient;
  await putSecret(context, { ...place, field: 'oauth_client' }, client);
}

async function keptOf(context: Context, request: PutCredentialRequest) {
  const { orgId, skillId, origin, baseVersion, keepsHeaders } = request;
  const owner = { orgId, ownerId: skillId };
  const isKept = (field: SecretField) => (field === 'headers' ? keepsHeaders : request.keepsOauthClient);
  const stored = (await findSecrets(context, owner, baseVersion)).filter(({ field }) => isKept(field));
  if (stored.some((secret) => secret.origin !== null && secret.origin !== origin)) throw ofAnotherServer(origin);
  return openAll(context, owner, stored);
}
