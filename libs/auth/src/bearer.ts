import { AppError } from '@agent-platform/errors';

/** Far above any token with a few hundred permissions; below that nothing is decoded. */
const MAX_TOKEN_LENGTH = 16_384;

/**
 * The token of `Authorization: Bearer <token>` (https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
 *
 * @throws AppError `token_missing` or `token_malformed`.
 */
export function bearerToken(authorization: string | null): string {
  if (!authorization?.trim()) {
    throw new AppError(
      'unauthenticated',
      'token_missing',
      'The request carries no access token. Send the header "Authorization: Bearer <access token>".',
    );
  }
  if (authorization.length > MAX_TOKEN_LENGTH) {
    throw malformed(`The Authorization header is longer than ${MAX_TOKEN_LENGTH} characters.`);
  }
  const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw malformed('The Authorization header must read "Bearer <access token>".');
  return token;
}

export function malformed(message: string, cause?: unknown): AppError {
  return new AppError('unauthenticated', 'token_malformed', message, { cause });
}

export function invalid(message: string, cause?: unknown): AppError {
  return new AppError('unauthenticated', 'token_invalid', message, { cause });
}
