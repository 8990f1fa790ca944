import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { AppError } from '@agent-platform/errors';
import type { Request, Said, Tasks } from './serve-tasks.ts';

/** The work itself is at fault: it takes longer, or more memory, than it may. */
export class TooHard extends Error {
  override readonly name = 'TooHard';
}

/** In megabytes. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };
const START_LIMIT_MS = 30_000;
/** A thread that got so little processor time for so long is a fault of the machine. */
const MOST_LIMITS = 20;

/** A thread that does one thing at a time, and is replaced when one is too hard for it. */
export class Thread<T extends Tasks> implements AsyncDisposable {
  readonly #entry: URL;
  #worker: Worker | undefined;
  #said = expectWord();
  #isFresh = true;
  #isDisposed = false;

  /** @param entry - a module that calls `serveTasks`. */
  constructor(entry: URL) {
    this.#entry = entry;
  }

  /**
   * @param limitMs - of processor time, roughly: a busy machine is not held against the work.
   * @throws TooHard; AppError `threads_unavailable`, which is our fault; Error when the thread ends otherwise.
   */
  async do<K extends keyof T & string>(
    task: K,
    asked: Parameters<T[K]>[0],
    limitMs: number,
  ): Promise<ReturnType<T[K]>> {
    const worker = this.#worker ?? (await this.#start());
    const wasFresh = this.#isFresh;
    this.#isFresh = false;
    try {
      return (await this.#ask(worker, { task, asked }, limitMs)) as ReturnType<T[K]>;
    } catch (error) {
      await this.#end();
      // What others have left in the thread may have been too much, and is not held against this.
      if (error instanceof TooHard && !wasFresh) return await this.do(task, asked, limitMs);
      throw error;
    }
  }

  async #ask(worker: Worker, request: Request, limitMs: number): Promise<unknown> {
    this.#said = expectWord();
    const over = new AbortController();
    worker.postMessage(request);
    try {
      const said = await Promise.race([this.#said.promise, tooLong(worker, limitMs, over.signal)]);
      if (said.kind === 'too_hard') throw new TooHard(said.why);
      if (said.kind !== 'answer') throw new Error(`A thread could not do its work: ${JSON.stringify(said)}`);
      if (said.isFull) await this.#end();
      return said.answer;
    } finally {
      over.abort();
    }
  }

  async #start(): Promise<Worker> {
    if (this.#isDisposed) throw unavailable('The process stops.');
    const worker = new Worker(this.#entry, { resourceLimits: RESOURCE_LIMITS });
    // No thread keeps a process from ending.
    worker.unref();
    const said = (this.#said = expectWord());
    worker.on('message', (message: Said) => this.#said.resolve(message));
    const ended = (error: Error) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#said.reject(error);
    };
    worker.on('error', (error: Error) => ended(isOutOfMemory(error) ? new TooHard(error.message) : error));
    worker.on('exit', (code) => ended(new Error(`A thread has ended by itself, with ${code}`)));
    this.#worker = worker;
    this.#isFresh = true;
    const over = new AbortController();
    const late = sleep(START_LIMIT_MS, undefined, { signal: over.signal, ref: false }).then(() => {
      throw new Error(`A thread is not ready after ${START_LIMIT_MS} ms`);
    });
    try {
      await Promise.race([said.promise, late]);
      return worker;
    } catch (error) {
      await this.#end();
      throw unavailable('A thread cannot be started right now.', error);
    } finally {
      over.abort();
    }
  }

  /** Whoever waits for it is told. */
  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#said.reject(unavailable('The process stops.'));
    await worker?.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    return this.#end();
  }
}

function expectWord(): PromiseWithResolvers<Said> {
  const said = Promise.withResolvers<Said>();
  // Nobody may be waiting when the thread ends.
  said.promise.catch(() => undefined);
  return said;
}

/** Rejects when the thread has worked for as long as it may. */
async function tooLong(worker: Worker, limitMs: number, signal: AbortSignal): Promise<never> {
  const wait = () => sleep(limitMs, undefined, { signal, ref: false });
  await wait();
  const before = await processorMs(worker);
  for (let limits = 1; limits < MOST_LIMITS; limits++) {
    await wait();
    if ((await processorMs(worker)) - before > limitMs / 2) throw new TooHard(`took longer than ${limitMs} ms`);
  }
  throw unavailable('A thread gets no processor time.');
}

async function processorMs(worker: Worker): Promise<number> {
  // One that has ended is not asked: whoever waits for it is told why it has.
  const { user, system } = await worker.cpuUsage().catch(() => ({ user: 0, system: 0 }));
  return (user + system) / 1_000;
}

function isOutOfMemory(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('unavailable', 'threads_unavailable', message, { cause });
}
