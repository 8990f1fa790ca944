/** What kind of failure it is; decides the HTTP status and the Connect code. */
export type ErrorKind =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'already_exists'
  | 'failed_precondition'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'resource_exhausted'
  | 'unavailable'
  | 'deadline_exceeded'
  | 'unimplemented'
  | 'internal';

export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

export interface AppErrorOptions {
  /** For logs only; never answered. */
  readonly cause?: unknown;
  readonly fields?: readonly FieldViolation[];
  /** When trying again makes sense. Seconds, answered as Retry-After. */
  readonly retryAfterSeconds?: number;
}

/**
 * The one error that crosses a boundary. `code` is stable and what callers switch on; `message` is public
 * and says what to do; `cause` is for logs.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly fields: readonly FieldViolation[];
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorKind, code: string, message: string, options: AppErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.kind = kind;
    this.code = code;
    this.fields = options.fields ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Whether trying the same again later can help. */
export function isPassing(error: unknown): boolean {
  return error instanceof AppError && ['unavailable', 'deadline_exceeded', 'resource_exhausted'].includes(error.kind);
}
