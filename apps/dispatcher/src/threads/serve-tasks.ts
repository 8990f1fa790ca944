import { getHeapStatistics } from 'node:v8';
import { parentPort } from 'node:worker_threads';

/** What a thread can do, by name. All of it is asked and answered in what can be cloned. */
export type Tasks = Readonly<Record<string, (asked: never) => unknown>>;

export interface Request {
  readonly task: string;
  readonly asked: unknown;
}

/** What a thread says: that it is ready, and then one thing to each request. */
export type Said =
  | { readonly kind: 'ready' }
  /** `isFull`: so much has stayed in the thread that it is to do nothing more. */
  | { readonly kind: 'answer'; readonly answer: unknown; readonly isFull: boolean }
  | { readonly kind: 'too_hard'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * More than half of what a thread may have is left for what it does next. That is not only fair: `JSON.parse` and its like
 * are not interrupted at the limit, and may end the process.
 */
const FULL_BYTES = 48 * 1024 * 1024;

/** The thread's side of `Thread`. */
export function serveTasks(tasks: Tasks): void {
  const say = (said: Said) => parentPort?.postMessage(said);
  parentPort?.on('message', ({ task, asked }: Request) => say(respond(tasks, task, asked)));
  say({ kind: 'ready' });
}

function respond(tasks: Tasks, task: string, asked: unknown): Said {
  try {
    const answer = tasks[task]!(asked as never);
    return { kind: 'answer', answer, isFull: getHeapStatistics().used_heap_size > FULL_BYTES };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // Deeper than the stack, or a text longer than there can be: it is what was asked for.
    return { kind: error instanceof RangeError ? 'too_hard' : 'failed', why };
  }
}
