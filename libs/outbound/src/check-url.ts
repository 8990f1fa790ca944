import { isIP } from 'node:net';
import { AppError } from '@agent-platform/errors';
import { isAllowedAddress, type AddressRules } from './addresses.ts';

const MAX_URL_LENGTH = 2048;

/** The host of a URL as the resolver takes it: no brackets around IPv6, no final dot. */
export function hostOf(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

export interface CheckUrlOptions {
  readonly rules: AddressRules;
  /** What the URL leads to, for the message: `the MCP server`. */
  readonly name: string;
  /** It is to carry a client's secret: `http://` is for the machine itself. */
  readonly needsTls?: boolean;
}

/**
 * What can be said of a URL without asking anyone: scheme, user information and literal addresses. A friendly refusal
 * when a URL is saved; what protects is the check of every connection.
 *
 * @returns the URL without its fragment.
 * @throws AppError `url_refused`
 */
export function checkUrl(text: string, { rules, name, needsTls = false }: CheckUrlOptions): URL {
  const refused = (problem: string) =>
    new AppError('invalid_argument', 'url_refused', `The URL of ${name} ${problem}.`);
  const url = text.length <= MAX_URL_LENGTH ? URL.parse(text) : null;
  if (!url)
    throw refused(`is not a URL of at most ${MAX_URL_LENGTH} characters; write it like https://example.com/path`);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('must begin with https:// or http://');
  if (url.username !== '' || url.password !== '') {
    throw refused('must not contain a user name or password; configure credentials on their own');
  }
  if (url.hostname === '') throw refused('names no host');
  const host = hostOf(url.hostname);
  const isLocalName = host === 'localhost' || host.endsWith('.localhost');
  const literal = isLocalName ? '127.0.0.1' : isIP(host) ? host : undefined;
  if (literal !== undefined && !isAllowedAddress(literal, rules)) throw refused(ADDRESS_REFUSED);
  const isLocal = literal !== undefined && (literal === '::1' || literal.startsWith('127.'));
  if (needsTls && url.protocol !== 'https:' && !isLocal) {
    throw refused('must begin with https://, because a secret is sent there');
  }
  url.hash = '';
  return url;
}

/** Why a private address is refused, and who can change that. */
export const ADDRESS_REFUSED =
  'leads to a private, local or reserved address; use a public address, or have the operator allow its range';
