import { AppError } from '@agent-platform/errors';

const CODE = 'credential_unreadable';

/** A key is missing, or a row was changed: trying again does not help. */
export function unreadable(why: string, cause?: unknown): AppError {
  const message = `A stored secret cannot be decrypted: ${why}. Set it again: mcp_headers or mcp_oauth of the skill, or signature of the webhook source.`;
  return new AppError('internal', CODE, message, { cause });
}

export function isUnreadable(error: unknown): boolean {
  return error instanceof AppError && error.code === CODE;
}
