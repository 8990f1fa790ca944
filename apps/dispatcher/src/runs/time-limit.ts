import { createContext, Script } from 'node:vm';

export class TimeLimitExceeded extends Error {
  override readonly name = 'TimeLimitExceeded';
}

/** `vm` is the only thing in Node that can interrupt running JavaScript, a regular expression included. */
const context: { work?: () => unknown } = createContext({});
const script = new Script('work()');

/**
 * Does synchronous work, and breaks it off if it takes too long. Nothing is isolated by it. Starts a thread: some tenths
 * of a millisecond.
 *
 * @param limitMs - of this thread's processor time: a machine that has other things to do is not held against the work,
 * which is then begun anew.
 * @throws TimeLimitExceeded
 */
export function withinTimeLimit<T>(limitMs: number, work: () => T): T {
  context.work = work;
  try {
    for (let timeout = limitMs; ; timeout *= 2) {
      const before = process.threadCpuUsage();
      try {
        return script.runInContext(context, { timeout }) as T;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
        const { user, system } = process.threadCpuUsage(before);
        if ((user + system) / 1_000 > limitMs / 2) {
          throw new TimeLimitExceeded(`took longer than ${limitMs} ms`, { cause: error });
        }
      }
    }
  } finally {
    delete context.work;
  }
}
