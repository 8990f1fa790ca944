import { isDatabaseError, refusedDataCode } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';

/** Why a message cannot be processed, for people and metrics: no data of the message, no secrets. */
export interface Reason {
  /** Stable. */
  readonly code: string;
  readonly message: string;
}

/**
 * Why a message that failed alone cannot be processed; undefined when that is not the message's fault.
 *
 * The message's: an AppError of kind `invalid_argument`, a value that PostgreSQL refuses for what it is, and an error
 * nobody foresaw. Ours: any other error of a database (its schema, its permissions, its disk), any other AppError (a
 * service that fails or does not know us) and errors of the system. What is ours passes or is repaired, and the message is
 * tried again for as long as that takes.
 */
export function faultOfMessage(error: unknown): Reason | undefined {
  if (error instanceof AppError) {
    return error.kind === 'invalid_argument' ? { code: error.code, message: error.message } : undefined;
  }
  const sqlState = refusedDataCode(error);
  if (sqlState) return { code: 'data_refused', message: `PostgreSQL refuses what it holds (SQLSTATE ${sqlState}).` };
  if (isDatabaseError(error) || isSystemError(error)) return undefined;
  const name = error instanceof Error ? error.name : typeof error;
  return { code: 'handler_failed', message: `The handler failed with ${name}. The log of that time says where.` };
}

/** https://nodejs.org/api/errors.html#class-systemerror */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && ('syscall' in error || 'errno' in error);
}
