import { repeat } from '@agent-platform/runtime';
import { workOnNextReplay, type WorkOnReplaysDeps } from './work-on-replays.ts';

/** Works on replays, as long as there are some without a pause, until it is disposed of; that waits for the batch under way. */
export function startReplayer({ pollMs, ...deps }: WorkOnReplaysDeps & { readonly pollMs: number }): AsyncDisposable {
  return repeat(async () => {
    const worked = await workOnNextReplay(deps).catch((error: unknown) => {
      deps.logger.warn({ err: error }, 'replays cannot be worked on');
      return false;
    });
    return worked ? 0 : pollMs;
  });
}
