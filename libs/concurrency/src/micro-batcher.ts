import { AppError } from '@agent-platform/errors';

export interface MicroBatcher<Item, Answer> extends AsyncDisposable {
  /** Resolves with the item's own answer; rejects with the error of its batch, or `unavailable` after disposal. */
  add(item: Item): Promise<Answer>;
}

export interface MicroBatcherOptions<Item, Answer> {
  /** Answers item for item. */
  readonly work: (batch: readonly Item[]) => Promise<readonly Answer[]>;
  /** Items in a batch, at most. */
  readonly maxItems: number;
  /** What the items of a batch may be together; an item that is larger goes alone. */
  readonly maxSize?: number;
  readonly sizeOf?: (item: Item) => number;
}

/** While two batches are on their way the third gathers: more in flight makes them smaller, not faster. */
const IN_FLIGHT = 2;

interface Batch<Item, Answer> {
  readonly items: Item[];
  size: number;
  readonly done: PromiseWithResolvers<readonly Answer[]>;
}

/**
 * Does together what is asked for at the same time: a batch leaves on the next turn of the event loop, or as soon as
 * one of the two on their way has arrived. Nobody waits for a timer, and under load batches grow by themselves.
 *
 * Disposing waits for what was added before.
 */
export function createMicroBatcher<Item, Answer>(o: MicroBatcherOptions<Item, Answer>): MicroBatcher<Item, Answer> {
  const { work, maxItems, maxSize = Infinity, sizeOf = () => 0 } = o;
  const waiting: Batch<Item, Answer>[] = [];
  const inFlight = new Set<Promise<void>>();
  let scheduled: NodeJS.Immediate | undefined;
  let closed = false;

  const flush = (): void => {
    scheduled = undefined;
    while (inFlight.size < IN_FLIGHT) {
      const batch = waiting.shift();
      if (!batch) return;
      const settled = work(batch.items)
        .then(batch.done.resolve, batch.done.reject)
        .finally(() => {
          inFlight.delete(settled);
          flush();
        });
      inFlight.add(settled);
    }
  };

  return {
    add(item) {
      if (closed) {
        const text = 'The service is shutting down; try again.';
        return Promise.reject(new AppError('unavailable', 'shutting_down', text, { retryAfterSeconds: 2 }));
      }
      const size = sizeOf(item);
      let batch = waiting.at(-1);
      if (!batch || batch.items.length >= maxItems || batch.size + size > maxSize) {
        batch = { items: [], size: 0, done: Promise.withResolvers() };
        waiting.push(batch);
      }
      const index = batch.items.push(item) - 1;
      batch.size += size;
      scheduled ??= setImmediate(flush);
      return batch.done.promise.then((answers) => answers[index]!);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      if (scheduled) clearImmediate(scheduled);
      flush();
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
  };
}
