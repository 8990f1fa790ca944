import { databaseErrorToAppError } from '@agent-platform/database';
import { AppError, type Logger } from '@agent-platform/service';
import { backOff } from './backoff.ts';
import type { BatchHandler, Message, ReceivedMessage } from './bus.ts';

/** Times a batch is tried as a whole before its messages are tried one by one. */
const BATCH_ATTEMPTS = 2;

/** What a driver gives for the delivery of one partition's messages. */
export interface Delivery {
  readonly topic: string;
  readonly group: string;
  readonly handler: BatchHandler;
  readonly maxFailures: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Stores that everything before `nextOffset` is done. */
  commit(nextOffset: bigint): Promise<void>;
  /** Publishes to the dead-letter topic. */
  deadLetter(message: Message): Promise<void>;
}

/**
 * Hands a batch to the handler until it is done and its offset is stored, the same way for every driver. A batch
 * that fails twice is delivered message by message, so that the one that fails is found; a message that fails
 * `maxFailures` times alone goes to the dead-letter topic and the partition goes on.
 *
 * Nothing is dead-lettered because the outside world is down: an error of kind `unavailable`, or the loss of a
 * database, is tried again for as long as it takes.
 *
 * Rejects when `signal` is aborted, or with the error of `commit`.
 */
export async function deliver(batch: readonly ReceivedMessage[], delivery: Delivery): Promise<void> {
  const alone = batch.length === 1;
  const attempts = alone ? delivery.maxFailures : BATCH_ATTEMPTS;
  const failure = await persist(() => delivery.handler(batch, delivery.signal), attempts, batch, delivery);
  if (failure && !alone) {
    for (const message of batch) await deliver([message], delivery);
    return;
  }
  if (failure) {
    const message = batch[0]!;
    const letter = deadLetterOf(message, failure.error, delivery);
    await persist(() => delivery.deadLetter(letter), Infinity, batch, delivery);
    const { partition, offset } = message;
    delivery.logger.error({ topic: delivery.topic, group: delivery.group, partition, offset }, 'message dead-lettered');
  }
  await delivery.commit(batch.at(-1)!.offset + 1n);
}

/** Repeats `work` until it succeeds or has failed `attempts` times, and then returns how. */
async function persist(
  work: () => Promise<void>,
  attempts: number,
  batch: readonly ReceivedMessage[],
  { signal, logger, topic, group }: Delivery,
): Promise<{ error: unknown } | undefined> {
  let failures = 0;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      await work();
      return undefined;
    } catch (error) {
      // A handler that gives up because it was told to has not failed.
      signal.throwIfAborted();
      const { partition, offset } = batch[0]!;
      const where = { topic, group, partition, offset, messages: batch.length };
      logger.warn({ err: error, ...where, attempt: attempt + 1 }, 'delivery failed');
      if (databaseErrorToAppError(error).kind !== 'unavailable' && ++failures >= attempts) return { error };
      await backOff(attempt, signal);
    }
  }
}

function deadLetterOf(message: ReceivedMessage, error: unknown, { topic, group, maxFailures }: Delivery): Message {
  const reason = error instanceof AppError ? `${error.code}: ${error.message}` : String(error);
  return {
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      'dead-letter-reason': reason.slice(0, 1_000),
      'dead-letter-failures': String(maxFailures),
      'dead-letter-group': group,
      'dead-letter-topic': topic,
      'dead-letter-partition': String(message.partition),
      'dead-letter-offset': String(message.offset),
      'dead-letter-key': message.key,
    },
  };
}
