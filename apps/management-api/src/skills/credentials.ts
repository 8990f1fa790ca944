import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PutCredentialRequestSchema, Skill } from '@agent-platform/proto';
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
 * @param written - the fields to write, where an empty one is removed; the others stay as in the base version.
 */
export function credentialOf(
  { mcpServerUrl, mcpHeaders: headers, mcpOauth }: Skill,
  written: ReadonlySet<string>,
): Omit<MessageInitShape<typeof PutCredentialRequestSchema>, '$typeName'> {
  const keepsHeaders = !written.has('mcp_headers');
  const keepsOauthClient = !written.has('mcp_oauth');
  return {
    origin: new URL(mcpServerUrl).origin,
    keepsHeaders,
    keepsOauthClient,
    ...(!keepsHeaders && { headers }),
    ...(!keepsOauthClient && mcpOauth && { oauthClient: oauthClient(mcpOauth) }),
  };
}
