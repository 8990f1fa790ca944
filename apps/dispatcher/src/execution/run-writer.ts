import { databaseErrorToAppError, type Pool } from '@agent-platform/database';
import { createMicroBatcher } from '@agent-platform/concurrency';
import { isPassing } from '@agent-platform/errors';
import { writeRuns, type RunChange, type RunWritten } from '../store/runs/write-runs.ts';

export interface RunWriter extends AsyncDisposable {
  /** @returns undefined if the run was no longer held, and nothing was written. */
  write(change: RunChange): Promise<RunWritten | undefined>;
}

const MAX_CHANGES = 100;
const MAX_CHARACTERS = 1024 * 1024;

/** Writes what runs have to write at the same time with one statement, so that they share one flush to disk. */
export function createRunWriter(pool: Pool): RunWriter {
  const batcher = createMicroBatcher<RunChange, RunWritten | undefined>({
    work: (changes) => writeRuns(pool, changes),
    maxItems: MAX_CHANGES,
    maxSize: MAX_CHARACTERS,
    sizeOf: ({ steps }) =>
      steps.reduce((sum, step) => sum + (step.arguments?.length ?? 0) + (step.result?.length ?? 0), 0),
  });
  return {
    async write(change) {
      try {
        return await batcher.add(change);
      } catch (error) {
        if (isPassing(databaseErrorToAppError(error))) throw error;
        // What the database refuses in one change must not take the others down.
        const [written] = await writeRuns(pool, [change]);
        return written;
      }
    },
    [Symbol.asyncDispose]: () => batcher[Symbol.asyncDispose](),
  };
}
