import { isIP } from 'node:net';
import { AppError } from '@agent-platform/service';
import { isAllowedAddress, type AddressRules } from './addresses.ts';

const MAX_URL_LENGTH = 2048;

/** The host of a URL as the resolver takes it: no brackets around IPv6, no final dot. */
export function hostOf(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/**
 * What can be said of a server's URL without asking anyone: scheme, user information and literal addresses. A friendly
 * refusal when a skill is saved; what protects is the check of every connection.
 *
 * @throws AppError `mcp_server_url_refused`
 */
export function checkServerUrl(text: string, rules: AddressRules): URL {
  const url = text.length <= MAX_URL_LENGTH ? URL.parse(text) : null;
  if (!url)
    throw refused(`is not a URL of at most ${MAX_URL_LENGTH} characters; write it like https://example.com/mcp`);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('must begin with https:// or http://');
  if (url.username !== '' || url.password !== '') {
    throw refused('must not contain a user name or password; put credentials into the headers of the skill');
  }
  if (url.hostname === '') throw refused('names no host');
  const host = hostOf(url.hostname);
  const isLocalName = host === 'localhost' || host.endsWith('.localhost');
  const literal = isLocalName ? '127.0.0.1' : isIP(host) ? host : undefined;
  if (literal !== undefined && !isAllowedAddress(literal, rules)) throw refused(ADDRESS_REFUSED);
  url.hash = '';
  return url;
}

/** Why a private address is refused, and who can change that. */
export const ADDRESS_REFUSED =
  'leads to a private, local or reserved address; use a public address, or have the operator allow its range';

function refused(problem: string): AppError {
  return new AppError('invalid_argument', 'mcp_server_url_refused', `The URL of the MCP server ${problem}.`);
}
