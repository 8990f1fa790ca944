import { RequestFailedError } from '@agent-platform/outbound';
import { transportError } from './failures.ts';
import type { Target } from './server.ts';

/** Waits as long as the signal lets it for what others wait for too, and which goes on. @throws McpError */
export async function inTime<T>(work: Promise<T>, signal: AbortSignal, target: Target, method: string): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(transportError(new RequestFailedError(false, signal.reason), target, method));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
