import { AppError } from '@agent-platform/errors';
import type { Tasks } from './serve-tasks.ts';
import { Thread } from './thread.ts';
import type { WorkerTasks } from './worker.ts';

/** Threads for what a tenant can make slow: see docs/adr/0019. */
export interface ThreadPool<T extends Tasks = WorkerTasks> extends AsyncDisposable {
  /**
   * Lends a thread to a tenant when its turn comes. A tenant has one at a time.
   *
   * @returns what `work` does. @throws AppError `threads_unavailable` when the process stops first.
   */
  use<R>(orgId: string, work: (thread: Pick<Thread<T>, 'do'>) => Promise<R>): Promise<R>;
}

/** A tenant has one at most, so that another is left for the others. */
const THREADS = 2;
const WORKER = new URL('./worker.ts', import.meta.url);

interface Waiting<T extends Tasks> {
  readonly run: (thread: Thread<T>) => Promise<void>;
  readonly cancel: (error: Error) => void;
}

/** @param entry - a module that calls `serveTasks` with these tasks. */
export function createThreadPool<T extends Tasks = WorkerTasks>(entry: URL = WORKER): ThreadPool<T> {
  const threads = Array.from({ length: THREADS }, () => new Thread<T>(entry));
  const idle = [...threads];
  /** By tenant, in the order of their turns. */
  const waiting = new Map<string, Waiting<T>[]>();
  const busy = new Set<string>();

  /** Gives threads to the tenants whose turn it is. */
  function proceed(): void {
    for (const [orgId, queue] of waiting) {
      if (idle.length === 0) return;
      if (busy.has(orgId)) continue;
      const next = queue.shift()!;
      // To the end of the line.
      waiting.delete(orgId);
      if (queue.length > 0) waiting.set(orgId, queue);
      const thread = idle.pop()!;
      busy.add(orgId);
      void next.run(thread).finally(() => {
        idle.push(thread);
        busy.delete(orgId);
        proceed();
      });
    }
  }

  return {
    use<R>(orgId: string, work: (thread: Pick<Thread<T>, 'do'>) => Promise<R>) {
      const { promise, resolve, reject } = Promise.withResolvers<R>();
      const run = (thread: Thread<T>) => work(thread).then(resolve, reject);
      const queue = waiting.get(orgId) ?? [];
      queue.push({ run, cancel: reject });
      waiting.set(orgId, queue);
      proceed();
      return promise;
    },
    async [Symbol.asyncDispose]() {
      const stopped = new AppError('unavailable', 'threads_unavailable', 'The process stops.');
      for (const queue of waiting.values()) for (const { cancel } of queue) cancel(stopped);
      waiting.clear();
      await Promise.all(threads.map((thread) => thread[Symbol.asyncDispose]()));
    },
  };
}
