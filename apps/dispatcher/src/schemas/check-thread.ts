import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Checked } from './check-arguments.ts';
import type { Check } from './worker.ts';

/** A check took too long, or more memory than it may. */
export class CheckTooHard extends Error {
  override readonly name = 'CheckTooHard';
}

/** For what is compiled of schemas, in megabytes. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };
const START_LIMIT_MS = 30_000;
/** However little processor time it got. */
const MOST_LIMITS = 20;

/** What a thread says next: `'ready'` first, then an answer to each check. */
type Said = PromiseWithResolvers<unknown>;

/** A thread that makes one check at a time, and is replaced when one is too hard for it. */
export class CheckThread implements AsyncDisposable {
  #worker: Worker | undefined;
  #said: Said = Promise.withResolvers();

  /**
   * @param limitMs - of processor time, roughly: a busy machine is not held against the check.
   * @throws CheckTooHard
   */
  async check(check: Check, limitMs: number): Promise<Checked> {
    const worker = this.#worker ?? (await this.#start());
    this.#said = Promise.withResolvers();
    worker.postMessage(check);
    const ended = new AbortController();
    try {
      return (await Promise.race([this.#said.promise, this.#tooHard(worker, limitMs, ended.signal)])) as Checked;
    } catch (error) {
      await this.#end();
      throw error;
    } finally {
      ended.abort();
    }
  }

  async #start(): Promise<Worker> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: RESOURCE_LIMITS });
    // No thread keeps a process from ending.
    worker.unref();
    const said = (this.#said = Promise.withResolvers());
    worker.on('message', (message) => this.#said.resolve(message));
    const over = (why: string) => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#said.reject(new CheckTooHard(why));
    };
    worker.on('error', (error: Error) => over(error.message)).on('exit', () => over('the thread has ended'));
    // Nobody may be waiting when it ends.
    said.promise.catch(() => undefined);
    this.#worker = worker;
    const ended = new AbortController();
    try {
      const late = sleep(START_LIMIT_MS, undefined, { signal: ended.signal, ref: false });
      await Promise.race([
        said.promise,
        late.then(() => Promise.reject(new Error('a thread for checks does not start'))),
      ]);
      return worker;
    } catch (error) {
      await this.#end();
      throw error;
    } finally {
      ended.abort();
    }
  }

  async #tooHard(worker: Worker, limitMs: number, signal: AbortSignal): Promise<never> {
    const wait = () => sleep(limitMs, undefined, { signal, ref: false });
    await wait();
    const { user, system } = await worker.cpuUsage();
    for (let limits = 1; limits < MOST_LIMITS; limits++) {
      await wait();
      const used = await worker.cpuUsage();
      if (used.user + used.system - user - system > (limitMs / 2) * 1_000) break;
    }
    throw new CheckTooHard(`took longer than ${limitMs} ms`);
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}
