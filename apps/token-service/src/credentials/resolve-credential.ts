import { fromJsonString } from '@bufbuild/protobuf';
import { OAuthClientSchema, type OAuthClient, type ResolveCredentialRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { findSecrets, openAll } from './open-secrets.ts';
import { ofAnotherServer, unbound } from './origin.ts';

/**
 * The plain headers and client; none when the tenant has no such skill or the skill no credential.
 *
 * @throws AppError `credential_of_another_server`, `credential_unbound`, `credential_unreadable`
 */
export async function resolveCredential(
  context: Context,
  { orgId, skillId, origin, version }: ResolveCredentialRequest,
): Promise<{ headers: Record<string, string>; oauthClient?: OAuthClient }> {
  const owner = { orgId, ownerId: skillId };
  const stored = await findSecrets(context, owner, version);
  for (const secret of stored) {
    if (secret.origin === null) throw unbound();
    if (secret.origin !== origin) throw ofAnotherServer(origin);
  }
  const { headers, oauth_client: client } = await openAll(context, owner, stored);
  return {
    headers: headers === undefined ? {} : (JSON.parse(headers) as Record<string, string>),
    ...(client !== undefined && {
      oauthClient: fromJsonString(OAuthClientSchema, client, { ignoreUnknownFields: true }),
    }),
  };
}
