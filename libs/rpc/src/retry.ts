import { setTimeout as sleep } from 'node:timers/promises';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { ConnectError, type Interceptor } from '@connectrpc/connect';
import { fromConnectError } from './errors.ts';

const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 50;

/**
 * Repeats calls that got lost on their way, of methods whose proto says that this changes nothing (`idempotency_level`).
 * All attempts together have the deadline of the call. A service that answered when to come back is not asked earlier:
 * that is for the caller to wait for.
 */
export const retrySafeCalls: Interceptor = (next) => async (request) => {
  const { signal } = request;
  const isSafe = request.method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
  if (request.stream || !isSafe) return next(request);
  for (let attempt = 1; ; attempt++) {
    try {
      return await next(request);
    } catch (error) {
      const { kind, retryAfterSeconds } = fromConnectError(ConnectError.from(error));
      const isLost = kind === 'unavailable' && retryAfterSeconds === undefined;
      if (!isLost || signal.aborted || attempt === ATTEMPTS) throw error;
      // With jitter, so that callers who lost the same connection do not come back together.
      const pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      await sleep(pauseMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
};
