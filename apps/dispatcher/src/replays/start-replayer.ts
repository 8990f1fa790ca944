import { setTimeout as sleep } from 'node:timers/promises';
import { workOnNextReplay, type WorkOnReplaysDeps } from './work-on-replays.ts';

/** Works on replays, as long as there are some without a pause, until it is disposed of; that waits for the batch under way. */
export function startReplayer({ pollMs, ...deps }: WorkOnReplaysDeps & { readonly pollMs: number }): AsyncDisposable {
  const closing = new AbortController();
  const { signal } = closing;
  const running = (async () => {
    while (!signal.aborted) {
      const worked = await workOnNextReplay(deps).catch((error: unknown) => {
        deps.logger.warn({ err: error }, 'replays cannot be worked on');
        return false;
      });
      if (!worked) await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}
