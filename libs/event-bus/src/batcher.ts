import type { Topic } from '@agent-platform/proto';
import { AppError } from '@agent-platform/service';
import type { EventBus, Message } from './bus.ts';

export interface Batcher extends AsyncDisposable {
  /** Resolves when the batch that holds the message is durable; rejects with that batch's error. */
  publish(message: Message): Promise<void>;
}

/** While two batches are on their way the third gathers: more in flight makes them smaller, not faster. */
const IN_FLIGHT = 2;
const MAX_MESSAGES = 500;
const MAX_BYTES = 1024 * 1024;

interface Batch {
  readonly messages: Message[];
  bytes: number;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Gathers concurrent publishes into batches: a batch leaves on the next turn of the event loop, or as soon as one of
 * the two on their way has arrived. Messages that are published at the same time have no order among each other; one
 * that is published after another has resolved comes after it.
 *
 * Disposing waits for the batches on their way and takes no more.
 */
export function createBatcher(bus: Pick<EventBus, 'publish'>, topic: Topic): Batcher {
  const waiting: Batch[] = [];
  const inFlight = new Set<Promise<void>>();
  let scheduled: NodeJS.Immediate | undefined;
  let closed = false;

  const flush = (): void => {
    scheduled = undefined;
    while (inFlight.size < IN_FLIGHT) {
      const batch = waiting.shift();
      if (!batch) return;
      const sent = bus.publish(topic, batch.messages).then(batch.done.resolve, batch.done.reject);
      const settled = sent.finally(() => {
        inFlight.delete(settled);
        flush();
      });
      inFlight.add(settled);
    }
  };

  return {
    publish(message) {
      if (closed) {
        const text = 'The service is shutting down; try again.';
        return Promise.reject(new AppError('unavailable', 'bus_closed', text, { retryAfterSeconds: 2 }));
      }
      const bytes = message.value.byteLength;
      let batch = waiting.at(-1);
      if (!batch || batch.messages.length >= MAX_MESSAGES || batch.bytes + bytes > MAX_BYTES) {
        batch = { messages: [], bytes: 0, done: Promise.withResolvers<void>() };
        waiting.push(batch);
      }
      batch.messages.push(message);
      batch.bytes += bytes;
      scheduled ??= setImmediate(flush);
      return batch.done.promise;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      if (scheduled) clearImmediate(scheduled);
      flush();
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
  };
}
