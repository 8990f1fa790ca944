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
  const allHeaders = request.keepsHeaders ? merged(kept.headers, request) : headers;
  const sealedHeaders = Object.keys(allHeaders).length === 0 ? undefined : JSON.stringify(allHeaders);
  const givenClient = oauthClient && toJsonString(OAuthClientSchema, oauthClient);
  const place = { orgId, ownerId: skillId, version, origin };
  await putSecret(context, { ...place, field: 'headers' }, sealedHeaders);
  const client = request.keepsOauthClient ? kept.oauth_client : givenClient;
  await putSecret(context, { ...place, field: 'oauth_client' }, client);
}

/** From the base version and the request alone: handed over twice, it is the same. Names of headers have no case. */
function merged(base = '{}', { headers, removedHeaders }: PutCredentialRequest): Record<string, string> {
  const changed = new Set([...Object.keys(headers), ...removedHeaders].map((name) => name.toLowerCase()));
  const others = Object.entries(JSON.parse(base) as Record<string, string>);
  return Object.fromEntries([
    ...others.filter(([name]) => !changed.has(name.toLowerCase())),
    ...Object.entries(headers),
  ]);
}

async function keptOf(context: Context, request: PutCredentialRequest) {
  const { orgId, skillId, origin, baseVersion, keepsHeaders } = request;
  const owner = { orgId, ownerId: skillId };
  const isKept = (field: SecretField) => (field === 'headers' ? keepsHeaders : request.keepsOauthClient);
  const stored = (await findSecrets(context, owner, baseVersion)).filter(({ field }) => isKept(field));
  if (stored.some((secret) => secret.origin !== null && secret.origin !== origin)) throw ofAnotherServer(origin);
  return openAll(context, owner, stored);
}
