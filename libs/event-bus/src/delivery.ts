import { databaseErrorToAppError } from '@agent-platform/database';
import type { Logger } from '@agent-platform/telemetry';
import { backOff } from './backoff.ts';
import type { BatchHandler, Message, ReceivedMessage } from './bus.ts';
import { deadLetterOf } from './dead-letter.ts';
import type { HeldUp } from './held-up.ts';
import { faultOfMessage, type Reason } from './whose-fault.ts';

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
  readonly heldUp: Pick<HeldUp, 'report'>;
  /** Stores that everything before `nextOffset` is done. */
  commit(nextOffset: bigint): Promise<void>;
  /** Publishes to the dead-letter topic. */
  deadLetter(message: Message): Promise<void>;
}

/**
 * Hands a batch to the handler until it is done and its offset is stored, the same way for every driver. A batch
 * that fails twice is delivered message by message, so that the one that fails is found; a message that fails
 * `maxFailures` times alone, and by its own fault, goes to the dead-letter topic and the partition goes on.
 *
 * Nothing is dead-lettered by a fault of ours (`whose-fault.ts`): it is tried again for as long as it takes, and
 * `heldUp` knows of it.
 *
 * Rejects when `signal` is aborted, or with the error of `commit`.
 */
export async function deliver(batch: readonly ReceivedMessage[], delivery: Delivery): Promise<void> {
  try {
    await deliverAll(batch, delivery);
  } finally {
    delivery.heldUp.report(batch[0]!.partition, 0);
  }
}

async function deliverAll(batch: readonly ReceivedMessage[], delivery: Delivery): Promise<void> {
  const failure = await handle(batch, delivery);
  if (failure && batch.length > 1) {
    for (const message of batch) await deliverAll([message], delivery);
    return;
  }
  const [message] = batch;
  if (failure?.reason && message) {
    const { reason, failures } = failure;
    await untilDone(
      () => delivery.deadLetter(deadLetterOf(message, { ...delivery, reason, failures })),
      batch,
      delivery,
    );
    const { topic, group, logger } = delivery;
    const { partition, offset } = message;
    logger.error(
      { topic, group, partition, offset, code: reason.code, reason: reason.message },
      'message dead-lettered',
    );
  }
  await delivery.commit(batch.at(-1)!.offset + 1n);
}

/** Until the handler is done: undefined. Or how a message alone failed for good; without a reason, how a batch did. */
async function handle(
  batch: readonly ReceivedMessage[],
  delivery: Delivery,
): Promise<{ readonly reason?: Reason; readonly failures: number } | undefined> {
  const alone = batch.length === 1;
  let failures = 0;
  for (let attempt = 0; ; attempt++) {
    const error = await attemptTo(() => delivery.handler(batch, delivery.signal), attempt, batch, delivery);
    if (!error) return undefined;
    const reason = faultOfMessage(error.cause);
    if (alone && reason && ++failures >= delivery.maxFailures) return { reason, failures };
    // One of its messages may be what our fault is about; while the outside world is down, that is not so.
    if (!alone && !isOutage(error.cause) && ++failures >= BATCH_ATTEMPTS) return { failures };
    await backOff(attempt, delivery.signal);
  }
}

async function untilDone(work: () => Promise<void>, batch: readonly ReceivedMessage[], delivery: Delivery) {
  for (let attempt = 0; await attemptTo(work, attempt, batch, delivery); attempt++) {
    await backOff(attempt, delivery.signal);
  }
}

/** @returns what it failed with. Rejects when it was told to stop: that is no failure. */
async function attemptTo(
  work: () => Promise<void>,
  attempt: number,
  batch: readonly ReceivedMessage[],
  { topic, group, signal, logger, heldUp }: Delivery,
): Promise<{ readonly cause: unknown } | undefined> {
  signal.throwIfAborted();
  const { partition, offset } = batch[0]!;
  try {
    await work();
    heldUp.report(partition, 0);
    return undefined;
  } catch (cause) {
    signal.throwIfAborted();
    heldUp.report(partition, attempt + 1, cause);
    const where = { topic, group, partition, offset, messages: batch.length };
    logger.warn({ err: cause, ...where, attempt: attempt + 1 }, 'delivery failed');
    return { cause };
  }
}

const isOutage = (error: unknown) => databaseErrorToAppError(error).kind === 'unavailable';
