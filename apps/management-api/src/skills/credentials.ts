import type { Client } from '@connectrpc/connect';
import type { CredentialService, Skill } from '@agent-platform/proto';
import { ownCall } from '../own-call.ts';
import { oauthClient } from './mcp-oauth.ts';

/**
 * Gives token-service the credentials of a skill. Last in a transaction, because it cannot be rolled back; before the
 * commit, because a skill is not saved without them.
 *
 * @param written - the fields to write; an empty one is removed.
 */
export async function putCredentials(
  credentials: Client<typeof CredentialService>,
  owner: { readonly orgId: string; readonly skillId: string },
  { mcpHeaders: headers, mcpOauth }: Pick<Skill, 'mcpHeaders' | 'mcpOauth'>,
  written: ReadonlySet<string>,
): Promise<void> {
  if (written.has('mcp_headers')) await ownCall(credentials.putCredential({ ...owner, headers }));
  if (!written.has('mcp_oauth')) return;
  await ownCall(credentials.putOAuthClient({ ...owner, ...(mcpOauth && { oauthClient: oauthClient(mcpOauth) }) }));
}
