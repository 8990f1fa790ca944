import type { Topic } from '@agent-platform/proto';
import { createMicroBatcher } from '@agent-platform/concurrency';
import type { EventBus, Message } from './bus.ts';

export interface Batcher extends AsyncDisposable {
  /** Resolves when the batch that holds the message is durable; rejects with that batch's error. */
  publish(message: Message): Promise<void>;
}

const MAX_MESSAGES = 500;
const MAX_BYTES = 1024 * 1024;
const NO_ANSWERS: readonly void[] = [];

/**
 * Gathers concurrent publishes into batches. Messages that are published at the same time have no order among each
 * other; one that is published after another has resolved comes after it.
 *
 * Disposing waits for the batches on their way and takes no more.
 */
export function createBatcher(bus: Pick<EventBus, 'publish'>, topic: Topic): Batcher {
  const batcher = createMicroBatcher<Message, void>({
    work: (messages) => bus.publish(topic, messages).then(() => NO_ANSWERS),
    maxItems: MAX_MESSAGES,
    maxSize: MAX_BYTES,
    sizeOf: ({ value }) => value.byteLength,
  });
  return { publish: (message) => batcher.add(message), [Symbol.asyncDispose]: () => batcher[Symbol.asyncDispose]() };
}
