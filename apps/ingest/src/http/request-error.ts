import { AppError } from '@agent-platform/errors';

/** What Fastify throws about a request: https://fastify.dev/docs/latest/Reference/Errors/. */
interface RequestError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
}

/** The error to answer with; undefined when it is a fault of ours and nothing about it may be answered. */
export function requestErrorOf(error: unknown, maxBodyBytes: number): AppError | undefined {
  if (error instanceof AppError) return error;
  const { code, statusCode } = (error ?? {}) as RequestError;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new AppError('payload_too_large', 'payload_too_large', `The body is larger than ${maxBodyBytes} bytes.`);
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError('unsupported_media_type', 'unsupported_media_type', 'The header Content-Type is malformed.');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new AppError('invalid_argument', 'body_incomplete', 'The body ended before its announced length.');
  }
  return undefined;
}
