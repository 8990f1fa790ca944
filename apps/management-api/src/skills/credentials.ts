import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PutCredentialRequestSchema, Skill } from '@agent-platform/proto';
import type { HeaderChange } from './mcp-headers.ts';
import { oauthClient } from './mcp-oauth.ts';

/** Of what a skill's credential consists. */
export type CredentialField = 'mcp_headers' | 'mcp_oauth';
const FIELDS: readonly CredentialField[] = ['mcp_headers', 'mcp_oauth'];

/** The fields of a new skill that token-service has to be given. */
export function givenCredentials({ mcpHeaders, mcpOauth }: Skill): ReadonlySet<string> {
  return new Set([...(Object.keys(mcpHeaders).length > 0 ? ['mcp_headers'] : []), ...(mcpOauth ? ['mcp_oauth'] : [])]);
}

export function writesCredential(written: ReadonlySet<string>): boolean {
  return FIELDS.some((field) => written.has(field));
}

/**
 * A version of a skill's credential as token-service takes it: bound to the skill's server.
 *
 * @param written - the fields to write; a client that is not among them stays as in the base version, and so do the
 * headers that are kept.
 */
export function credentialOf(
  { mcpServerUrl, mcpOauth }: Skill,
  written: ReadonlySet<string>,
  { given: headers, kept, removed: removedHeaders }: Pick<HeaderChange, 'given' | 'kept' | 'removed'>,
): Omit<MessageInitShape<typeof PutCredentialRequestSchema>, '$typeName'> {
  const keepsOauthClient = !written.has('mcp_oauth');
  return {
    origin: new URL(mcpServerUrl).origin,
    headers,
    keepsHeaders: kept.length > 0,
    removedHeaders: [...removedHeaders],
    keepsOauthClient,
    ...(!keepsOauthClient && mcpOauth && { oauthClient: oauthClient(mcpOauth) }),
  };
}
