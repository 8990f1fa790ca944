import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does something again and again in the background, until it is disposed of; that waits for the pass under way.
 *
 * @param pass - answers how long to pause after it, in milliseconds. Must not reject: only it knows what its failure means.
 * @param firstPauseMs - before the first pass. Default: none.
 */
export function repeat(pass: (signal: AbortSignal) => Promise<number>, firstPauseMs = 0): AsyncDisposable {
  const closing = new AbortController();
  const { signal } = closing;
  const running = (async () => {
    for (let pauseMs = firstPauseMs; ;) {
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      pauseMs = await pass(signal);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}
