import { ADDRESS_REFUSED, RequestFailedError } from '@agent-platform/outbound';
import { NoAnswerError } from './body-reader.ts';
import { DialectRefusedError, McpError } from './errors.ts';
import { bearerChallenge } from './oauth/challenge.ts';
import type { Reply } from './reply.ts';
import { readRetryAfter } from './retry-after.ts';
import { quoteOf, type Target } from './server.ts';

/** What 2026-07-28 reserved for its own refusals: https://modelcontextprotocol.io/specification/2026-07-28/basic#error-codes */
export const UNSUPPORTED_VERSION = -32022;
const HEADER_MISMATCH = -32020;
const MISSING_CAPABILITY = -32021;

/** Why a request got no answer. Messages are of fixed kinds: they say nothing about what is behind an address. */
export function transportError(error: unknown, target: Target, method: string): McpError {
  if (!(error instanceof RequestFailedError)) throw error;
  const { sent, reason, cause, networkCode } = error;
  const server = `The MCP server at ${target.url.origin}`;
  const details = { sent, answered: false, cause };
  switch (reason) {
    case 'address_refused':
      return new McpError('address_refused', `The URL of the MCP server ${ADDRESS_REFUSED}.`, {
        sent,
        answered: false,
      });
    case 'timeout':
      return new McpError('timeout', `${server} did not answer ${method} in time.`, details);
    case 'cancelled':
      return new McpError('cancelled', `The call of ${method} was cancelled.`, details);
    case 'too_large': {
      const message = `${server} answered ${method} with more than 10 MiB, or 64 KiB of headers.`;
      return new McpError('too_large', message, details);
    }
    case 'unreadable':
      // Not as the cause: it quotes what the server wrote.
      return invalidResponse('with something that is not JSON over HTTP', target, method);
    case 'connection_failed': {
      if (cause instanceof NoAnswerError) {
        return new McpError('connection_failed', `${server} ended the stream of ${method} without an answer.`, details);
      }
      const problem = sent ? `broke the connection before it answered ${method}` : 'could not be reached';
      return new McpError('connection_failed', `${server} ${problem} (${networkCode ?? 'no connection'}).`, details);
    }
  }
}

export function invalidResponse(problem: string, target: Target, method: string): McpError {
  const message = `The MCP server at ${target.url.origin} answered ${method} ${problem}.`;
  return new McpError('invalid_response', message, { sent: true, answered: false });
}

/** The failure that a reply states, if it states one. */
export function failureOf(reply: Reply, target: Target, method: string, nowMs: number): McpError | undefined {
  const { status, error } = reply;
  const server = `The MCP server at ${target.url.origin}`;
  const said = error?.message ? `: ${quoteOf(error.message)}` : '';
  const details = { sent: true, answered: true, status, ...(error && { rpcCode: error.code }) };

  if (isCredentialRefusal(reply)) {
    const how = status < 300 ? `JSON-RPC error ${error!.code} Unauthorized` : `HTTP ${status}`;
    const { what, advice } = refusedCredential(reply, target);
    return new McpError('credential_refused', `${server} refused ${what} (${how}). ${advice}.`, details);
  }
  if (status < 300) {
    if (!error) return undefined;
    return new McpError('rpc_error', `${server} answered ${method} with JSON-RPC error ${error.code}${said}.`, details);
  }
  if (status < 400) {
    const message = `${server} redirects ${method} (HTTP ${status}), which would carry the token elsewhere. Configure the URL it leads to.`;
    return new McpError('redirect_refused', message, details);
  }
  const retryAfterMs = readRetryAfter(reply.headers['retry-after'], nowMs);
  const waiting = { ...details, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  if (status === 429) return new McpError('rate_limited', `${server} limits the rate of calls (HTTP 429).`, waiting);
  if (status >= 500) {
    // Whatever failed, the tool may have acted before: 503 alone says that nothing was begun.
    const answered = status === 503;
    return new McpError('server_error', `${server} failed on ${method} (HTTP ${status})${said}.`, {
      ...waiting,
      answered,
    });
  }
  const hint = status === 404 || status === 405 ? ' Check the URL configured for the skill.' : '';
  const message = `${server} refused ${method} (HTTP ${status})${said}.${hint}`;
  const Refusal = isDialectRefusal(reply) ? DialectRefusedError : McpError;
  return new Refusal('request_refused', message, details);
}

function refusedCredential({ status, headers }: Reply, { oauth }: Target): { what: string; advice: string } {
  if (!oauth) return { what: 'the credential', advice: 'Check the token configured for the skill' };
  const what = `the access token of ${oauth.issuer}`;
  const { error, scopes } = bearerChallenge(headers);
  if (status !== 403 || error !== 'insufficient_scope') {
    return { what, advice: 'Check that the server trusts this issuer, and what the client is allowed' };
  }
  const wanted = scopes.length > 0 ? `the scopes "${scopes.join(' ')}"` : 'more scopes, and does not say which';
  return { what, advice: `It wants ${wanted}; allow the client to have them` };
}

export function isModernError(code: number | undefined): boolean {
  return code === HEADER_MISMATCH || code === MISSING_CAPABILITY || code === UNSUPPORTED_VERSION;
}

/**
 * Whether a server says that it does not (or no longer) speak as it was spoken to. It then refused the request
 * without acting on it: a lost session is 404 (some servers: 400), a version or header that is not understood is 400.
 */
function isDialectRefusal({ status, error }: Reply): boolean {
  if (![400, 404, 405].includes(status)) return false;
  // −32600 is "invalid request", −32000 and −32001 are what older servers say of sessions and versions.
  return error === undefined || isModernError(error.code) || [-32600, -32000, -32001].includes(error.code);
}

/**
 * HTTP 401 and 403, and the body with which the documented example of a server refuses. Under a 5xx that body proves
 * nothing: it may come from what is behind the tool.
 */
export function isCredentialRefusal({ status, error }: Reply): boolean {
  if (status === 401 || status === 403) return true;
  return status < 500 && error?.code === -32000 && error.message.trim().toLowerCase() === 'unauthorized';
}
