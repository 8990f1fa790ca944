import { ADDRESS_REFUSED, RequestFailedError } from '@agent-platform/outbound';
import { McpError } from '../errors.ts';

// Nothing here quotes what was answered, or has it as a cause: servers echo secrets.
const NOT_SENT = { sent: false, answered: false };

/** The way to a token does not lead there, and will not before somebody changes something. */
export function authorizationInvalid(message: string): McpError {
  return new McpError('authorization_invalid', message, NOT_SENT);
}

/** There may be a token shortly. */
export function authorizationUnavailable(problem: string, retryAfterMs?: number): McpError {
  const message = `No access token for the MCP server right now: ${problem}.`;
  return new McpError('authorization_unavailable', message, {
    ...NOT_SENT,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** What is wrong with an answer whatever was asked for, if anything is. @param who - such as `the token endpoint`. */
export function passingFailure(who: string, status: number, retryAfterMs: number | undefined): McpError | undefined {
  if (status < 500 && status !== 429 && status !== 408) return undefined;
  return authorizationUnavailable(`${who} answers HTTP ${status}`, retryAfterMs);
}

/** Why one who knows the way to a token gave no answer. */
export function requestFailure(error: unknown, who: string): McpError {
  if (!(error instanceof RequestFailedError)) throw error;
  switch (error.reason) {
    case 'address_refused':
      return new McpError('address_refused', `The URL of ${who} ${ADDRESS_REFUSED}.`, NOT_SENT);
    case 'timeout':
    case 'cancelled':
      return authorizationUnavailable(`${who} did not answer in time`);
    case 'connection_failed':
      return authorizationUnavailable(`${who} cannot be reached (${error.networkCode ?? 'no connection'})`);
    case 'too_large':
    case 'unreadable':
      return authorizationInvalid(
        `An answer cannot be used: ${who} answers something that is not 1 MiB of JSON at most.`,
      );
  }
}
