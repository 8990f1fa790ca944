import { errors } from 'undici';

/** The connection would have led to an address that must not be called. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';

  constructor(host: string) {
    super(`${host} leads to an address that is neither public nor allowed`);
  }
}

/** A signal of `startDeadline` fired because the time was up. */
export class DeadlinePassedError extends Error {
  override readonly name = 'DeadlinePassedError';
}

/** A signal of `startDeadline` fired because the caller has no more interest. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/** The body is not what it should be. */
export class UnreadableBodyError extends Error {
  override readonly name = 'UnreadableBodyError';
}

export type FailureReason =
  'address_refused' | 'cancelled' | 'connection_failed' | 'timeout' | 'too_large' | 'unreadable';

/** No answer came. Its `cause` may quote what a server wrote. */
export class RequestFailedError extends Error {
  override readonly name = 'RequestFailedError';
  /** Whether the first byte of the request may have been written. */
  readonly sent: boolean;
  readonly reason: FailureReason;

  constructor(sent: boolean, cause: unknown) {
    super('The request failed', { cause });
    this.sent = sent;
    this.reason = reasonOf(cause);
  }

  /** Node's and undici's stable names of network errors, such as ECONNREFUSED. */
  get networkCode(): string | undefined {
    return codeOf(this.cause);
  }
}

function reasonOf(cause: unknown): FailureReason {
  if (cause instanceof AddressRefusedError) return 'address_refused';
  if (cause instanceof DeadlinePassedError) return 'timeout';
  if (cause instanceof CancelledError) return 'cancelled';
  if (cause instanceof TooLargeError || codeOf(cause) === 'UND_ERR_HEADERS_OVERFLOW') return 'too_large';
  if (cause instanceof UnreadableBodyError || cause instanceof errors.HTTPParserError) return 'unreadable';
  return 'connection_failed';
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : undefined;
}
