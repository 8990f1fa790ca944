import { createHash } from 'node:crypto';
import { checkUrl, type AddressRules } from '@agent-platform/outbound';
import { AppError } from '@agent-platform/errors';
import { McpError } from './errors.ts';
import type { OAuthClient } from './oauth/oauth-client.ts';

/** An MCP server as a skill names it. */
export interface McpServer {
  readonly url: string;
  /** What every request carries, such as `Authorization: Bearer …`. Secret: never in an error, a log or a memory's key. */
  readonly headers: Readonly<Record<string, string>>;
  /** For a server that wants access tokens: they are got and sent as `Authorization`, in place of any other. */
  readonly oauth?: OAuthClient;
}

/** A server ready to be called. */
export interface Target {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly oauth?: OAuthClient;
  /** Tells servers apart, and the same server under different credentials. Says nothing about either. */
  readonly key: string;
}

/** Those that describe the connection or the message; the client sets them itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** @throws McpError `address_refused` or `header_invalid`, both before anything is sent. */
export function targetOf(server: McpServer, rules: AddressRules): Target {
  const url = urlOf(server.url, rules);
  const { oauth } = server;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(server.headers)) {
    const trimmed = value.trim();
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(trimmed)) throw invalidHeader(name);
    if (!OWN_HEADERS.has(name.toLowerCase())) headers[name.toLowerCase()] = trimmed;
  }
  if (oauth) delete headers.authorization;
  const identity = JSON.stringify([url.href, Object.entries(headers).sort(), oauth]);
  return { url, headers, ...(oauth && { oauth }), key: createHash('sha256').update(identity).digest('base64url') };
}

function urlOf(url: string, rules: AddressRules): URL {
  try {
    return checkUrl(url, { rules, name: 'the MCP server' });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new McpError('address_refused', error.message, { sent: false, answered: false });
  }
}

function invalidHeader(name: string): McpError {
  const shown = HEADER_NAME.test(name) ? ` "${name.slice(0, 64)}"` : '';
  const message = `A header${shown} configured for the skill has characters that HTTP does not allow, such as a line break.`;
  return new McpError('header_invalid', message, { sent: false, answered: false });
}

/** Text of a server, made fit to be shown: no control characters, not long. Its secrets were taken out as it came. */
export function quoteOf(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  const quoted = text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
  return quoted.length > 500 ? `${quoted.slice(0, 500)}…` : quoted;
}
