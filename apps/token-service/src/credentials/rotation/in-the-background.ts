import { setTimeout as sleep } from 'node:timers/promises';

/** How long to rest, in lengths of the work. */
const REST = 3;

/**
 * Works, then rests in proportion: a rotation never takes more than a quarter of a connection or a processor, and less
 * the busier they are.
 *
 * @throws the reason of `signal` once it is aborted, before the work or after it.
 */
export async function inTheBackground<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const startedMs = performance.now();
  const result = await work();
  await sleep(REST * (performance.now() - startedMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  return result;
}
