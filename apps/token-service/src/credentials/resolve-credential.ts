import { fromJsonString } from '@bufbuild/protobuf';
import { OAuthClientSchema, type OAuthClient, type ResolveCredentialRequest } from '@agent-platform/proto';
import type { Context } from '../context.ts';
import { openSecrets } from './open-secrets.ts';

/** The plain headers and client; none when the tenant has no such skill or the skill no credential. */
export async function resolveCredential(
  context: Context,
  { orgId, skillId }: ResolveCredentialRequest,
): Promise<{ headers: Record<string, string>; oauthClient?: OAuthClient }> {
  const { headers, oauth_client: client } = await openSecrets(context, { orgId, ownerId: skillId });
  return {
    headers: headers === undefined ? {} : (JSON.parse(headers) as Record<string, string>),
    ...(client !== undefined && {
      oauthClient: fromJsonString(OAuthClientSchema, client, { ignoreUnknownFields: true }),
    }),
  };
}
