import { AppError } from '@agent-platform/service';

const CODE = 'credential_unreadable';

/** A key is missing, or a row was changed: trying again does not help. */
export function unreadable(why: string, cause?: unknown): AppError {
  const message = `The stored credential of this skill cannot be decrypted: ${why}. Set the skill's mcp_headers again.`;
  return new AppError('internal', CODE, message, { cause });
}

export function isUnreadable(error: unknown): boolean {
  return error instanceof AppError && error.code === CODE;
}
