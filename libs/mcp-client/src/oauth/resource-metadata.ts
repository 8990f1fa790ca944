import type { JsonObject } from '@agent-platform/json';
import type { Target } from '../server.ts';
import type { Challenge } from './challenge.ts';
import { authorizationInvalid } from './failures.ts';
import { findMetadata, namedUrl, pathOf, wellKnown, type Discovery } from './metadata.ts';
import type { OAuthClient } from './oauth-client.ts';
import { scopesOf } from './scopes.ts';

export interface Resource {
  /** What tokens are asked for, as the server spells it. */
  readonly identifier: string;
  readonly scopes: readonly string[];
}

const WELL_KNOWN = 'oauth-protected-resource';

/**
 * Asks an MCP server who issues its tokens: at the place its challenge names, else at the well-known ones. It must be
 * the issuer the client belongs to; the client's secret is for nobody else.
 *
 * @throws McpError `authorization_invalid`, `authorization_unavailable`, `address_refused`
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3.3
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery
 */
export async function findResource(
  discovery: Discovery,
  { url }: Target,
  { issuer }: OAuthClient,
  challenge: Challenge,
): Promise<Resource> {
  const who = 'the protected resource metadata of the MCP server';
  const { outbound } = discovery;
  const needsTls = url.protocol === 'https:';
  const urls =
    challenge.resourceMetadata === undefined
      ? [wellKnown(url, WELL_KNOWN), new URL(`/.well-known/${WELL_KNOWN}`, url)]
      : [namedUrl(challenge.resourceMetadata, who, { outbound, needsTls })];
  const found = await findMetadata(discovery, { urls, who, problemWith: (it) => problemWith(it, url, issuer) });
  if ('problem' in found) {
    const wants = `The MCP server at ${url.origin} wants an access token`;
    throw authorizationInvalid(`${wants}, but its protected resource metadata (RFC 9728) ${found.problem}.`);
  }
  const { resource, scopes_supported: scopes } = found.document;
  return { identifier: resource as string, scopes: scopesOf(scopes) };
}

function problemWith({ resource, authorization_servers: servers }: JsonObject, url: URL, issuer: string) {
  if (typeof resource !== 'string' || !covers(resource, url)) return 'is about another resource';
  if (Array.isArray(servers) && servers.includes(issuer)) return undefined;
  return (
    `does not name the issuer ${issuer} that is configured for the skill, character for character. ` +
    'Nothing was sent to another one'
  );
}

/**
 * Whether a resource is the one at `url`. RFC 9728 wants the same URL; MCP's servers publish metadata at their root too,
 * which is then about a URL above: same origin, and a path that the URL's begins with.
 */
function covers(resource: string, url: URL): boolean {
  const parsed = URL.parse(resource);
  if (parsed?.origin !== url.origin || parsed.username !== '' || parsed.password !== '' || resource.includes('#')) {
    return false;
  }
  if (parsed.search !== '' && parsed.search !== url.search) return false;
  return `${pathOf(url)}/`.startsWith(`${pathOf(parsed)}/`);
}
