import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { Interceptor } from '@connectrpc/connect';
import { AppError } from '@agent-platform/errors';

/** Headers that promise something about a write which this server does not keep. */
export const CONDITION_HEADERS = ['idempotency-key', 'if-match', 'if-none-match', 'if-unmodified-since'];

/** Refuses a write under a condition that would be passed over: its sender relies on it. */
export function conditions(): Interceptor {
  return (next) => async (request) => {
    const name = CONDITION_HEADERS.find((header) => request.header.has(header));
    if (name !== undefined && request.method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) {
      const message = `The header ${name} is not supported here; send the request without it.`;
      throw new AppError('invalid_argument', 'header_not_supported', message);
    }
    return next(request);
  };
}
