import { AppError, type ErrorKind } from '@agent-platform/errors';

export type McpErrorCode =
  | 'address_refused'
  | 'authorization_invalid'
  | 'authorization_unavailable'
  | 'cancelled'
  | 'connection_failed'
  | 'credential_refused'
  | 'header_invalid'
  | 'input_required'
  | 'invalid_response'
  | 'rate_limited'
  | 'redirect_refused'
  | 'request_refused'
  | 'rpc_error'
  | 'server_error'
  | 'timeout'
  | 'too_large';

const TRAITS: Readonly<Record<McpErrorCode, { kind: ErrorKind; retryable: boolean }>> = {
  address_refused: { kind: 'failed_precondition', retryable: false },
  authorization_invalid: { kind: 'failed_precondition', retryable: false },
  authorization_unavailable: { kind: 'unavailable', retryable: true },
  cancelled: { kind: 'unavailable', retryable: false },
  connection_failed: { kind: 'unavailable', retryable: true },
  credential_refused: { kind: 'failed_precondition', retryable: false },
  header_invalid: { kind: 'failed_precondition', retryable: false },
  input_required: { kind: 'failed_precondition', retryable: false },
  invalid_response: { kind: 'failed_precondition', retryable: false },
  rate_limited: { kind: 'resource_exhausted', retryable: true },
  redirect_refused: { kind: 'failed_precondition', retryable: false },
  request_refused: { kind: 'failed_precondition', retryable: false },
  rpc_error: { kind: 'failed_precondition', retryable: false },
  server_error: { kind: 'unavailable', retryable: true },
  timeout: { kind: 'deadline_exceeded', retryable: true },
  too_large: { kind: 'failed_precondition', retryable: false },
};

export interface McpErrorDetails {
  readonly sent: boolean;
  readonly answered: boolean;
  /** The HTTP status, where there was one. */
  readonly status?: number | undefined;
  /** The code of the JSON-RPC error, where there was one. */
  readonly rpcCode?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Why a call of an MCP server gave no result. `retryable` says that the same call may succeed later; whether it may
 * be made again is another question, answered by `outcomeUnknown`:
 *
 * | | `sent` | `answered` | the tool |
 * |---|---|---|---|
 * | refused address, DNS, refused connection, failed TLS handshake, cancelled while waiting for a connection | no | no | did not run |
 * | no access token: metadata, authorization server, token endpoint | no | no | did not run |
 * | HTTP 3xx, 4xx, 429, 503 | yes | yes | was refused |
 * | JSON-RPC error | yes | yes | failed, and the server says so |
 * | connection lost, timeout, answer cut, too large or not understood | yes | no | may have run |
 * | any other HTTP 5xx (500, 502, 504, 520 to 527): somebody failed, before or after the tool acted | yes | no | may have run |
 */
export class McpError extends AppError {
  declare readonly code: McpErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Whether the first byte of the request may have left this process. */
  readonly sent: boolean;
  /** Whether the answer says what became of the request. */
  readonly answered: boolean;
  readonly status: number | undefined;
  readonly rpcCode: number | undefined;
  /** How long the server asked to wait. Milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: McpErrorCode, message: string, details: McpErrorDetails) {
    const { retryAfterMs, cause } = details;
    super(TRAITS[code].kind, code, message, {
      ...(retryAfterMs !== undefined && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
      ...(cause !== undefined && { cause }),
    });
    this.retryable = TRAITS[code].retryable;
    this.sent = details.sent;
    this.answered = details.answered;
    this.status = details.status;
    this.rpcCode = details.rpcCode;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether a tool may have acted without our knowing: only a tool that can bear it may be called again. */
  get outcomeUnknown(): boolean {
    return this.sent && !this.answered;
  }
}

/**
 * The server does not (or no longer) speak as it was spoken to, and refused without acting. Seen by a caller only
 * when speaking another way did not help.
 */
export class DialectRefusedError extends McpError {}

/** The same failure, met while preparing a call that itself was never sent. */
export function beforeCall(error: unknown): unknown {
  if (!(error instanceof McpError)) return error;
  return new McpError(error.code, error.message, { ...error, cause: error.cause, sent: false });
}
