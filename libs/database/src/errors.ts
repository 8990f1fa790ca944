import { AppError, tlsFailureOf } from '@agent-platform/errors';

/**
 * Class 08: connection; 28: the password was changed, say; 53: out of resources, of disk too; 57014, 25P03, 25P04: timed
 * out; 57P0x: server stopping or starting, or tired of an idle connection; 25006: a primary that is none any more; 58030:
 * I/O error.
 * https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const UNAVAILABLE_SQLSTATE = /^(08|28|53)|^57014$|^57P0[1235]$|^25006$|^25P0[34]$|^58030$/;
const UNAVAILABLE_NODE =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/**
 * https://www.prisma.io/docs/orm/reference/error-reference: cannot reach, timed out, closed, pool exhausted, no
 * transaction to be had, too many.
 */
const UNAVAILABLE_PRISMA = /^(P1001|P1002|P1008|P1017|P2024|P2028|P2037)$/;
/** node-postgres gives its own connection errors no code. */
const UNAVAILABLE_TEXT =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable|Cannot use a pool after/i;
/** Serialization failure and deadlock: the same work can succeed the next time. */
const CONFLICT = /^(40001|40P01|P2034)$/;

/**
 * Class 22: a value that no column of its kind takes; 54000, 54001: one that is too large for an index or too deep to read.
 */
const DATA_SQLSTATE = /^22|^5400[01]$/;

/** The error and what caused it, outermost first: Prisma wraps the driver's error, as the cause or in its `meta`. */
function* causes(error: unknown): Generator<{ code: string; message: string; error: object }> {
  for (let depth = 0; typeof error === 'object' && error !== null && depth < 5; depth++) {
    const { code, originalCode, message, cause, meta } = error as Record<string, unknown>;
    const text = typeof code === 'string' ? code : typeof originalCode === 'string' ? originalCode : '';
    yield { code: text, message: typeof message === 'string' ? message : '', error };
    if (error instanceof AggregateError) for (const inner of error.errors as unknown[]) yield* causes(inner);
    error = cause ?? (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError;
  }
}

/** Whether the database could not be reached or went away, so that trying again later can help. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return [...causes(error)].some(
    ({ code, message }) =>
      UNAVAILABLE_SQLSTATE.test(code) ||
      UNAVAILABLE_NODE.test(code) ||
      UNAVAILABLE_PRISMA.test(code) ||
      tlsFailureOf(code) !== undefined ||
      UNAVAILABLE_TEXT.test(message),
  );
}

/** Whether a row with the same unique key exists (from node-postgres or from Prisma). */
export function isUniqueViolation(error: unknown): boolean {
  return [...causes(error)].some(({ code }) => code === '23505' || code === 'P2002');
}

/** Whether a row that is referred to is gone, or one to be removed is still referred to (from node-postgres or Prisma). */
export function isForeignKeyViolation(error: unknown): boolean {
  // 23001 is what ON DELETE RESTRICT answers since PostgreSQL 18.
  return [...causes(error)].some(({ code }) => code === '23503' || code === '23001' || code === 'P2003');
}

/** Whether a lock did not come within `lock_timeout` (from node-postgres or from Prisma). */
export function isLockTimeout(error: unknown): boolean {
  return [...causes(error)].some(({ code }) => code === '55P03');
}

/**
 * Whether PostgreSQL refused a value for what it is, so that the same value is refused again whatever state the database
 * is in. The SQLSTATE; undefined if not. Of a statement with many values it does not say which.
 */
export function refusedDataCode(error: unknown): string | undefined {
  return [...causes(error)].map(({ code }) => code).find((code) => DATA_SQLSTATE.test(code));
}

/** Whether it came from the database or the way there (from node-postgres or from Prisma). */
export function isDatabaseError(error: unknown): boolean {
  return (
    isDatabaseUnavailable(error) ||
    [...causes(error)].some(
      ({ code, error: cause }) => 'severity' in cause || 'originalCode' in cause || /^P\d{4}$/.test(code),
    )
  );
}

/**
 * What a failed query is to the caller: `unavailable` (`database_unavailable`, `database_conflict`) when trying
 * again can help, otherwise `internal` (`database_error`). An AppError passes unchanged.
 */
export function databaseErrorToAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isDatabaseUnavailable(error)) {
    return new AppError('unavailable', 'database_unavailable', 'The database cannot do this right now; try again.', {
      cause: error,
      retryAfterSeconds: 2,
    });
  }
  if ([...causes(error)].some(({ code }) => CONFLICT.test(code))) {
    return new AppError('unavailable', 'database_conflict', 'Another change was made at the same time; try again.', {
      cause: error,
      retryAfterSeconds: 1,
    });
  }
  return new AppError('internal', 'database_error', 'The request could not be processed.', { cause: error });
}
