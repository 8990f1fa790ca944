import { createBatcher, type EventBus, type Message } from '@agent-platform/event-bus';
import { topics } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { createFaultLog, type Logger } from '@agent-platform/telemetry';
import { withDeadline } from '../deadline.ts';

/** What may wait for a bus that does not answer: past it, requests are refused at once instead of filling the memory. */
const MAX_PENDING_BYTES = 128 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 2;

export interface Publisher extends AsyncDisposable {
  /**
   * Resolves when the message is durable.
   *
   * @throws AppError `bus_unavailable` when that fails or takes too long; the message may become durable yet.
   */
  publish(message: Message): Promise<void>;
}

export interface PublisherDeps {
  readonly bus: EventBus;
  readonly timeoutMs: number;
  readonly logger: Logger;
  readonly clock: () => number;
}

/** Publishes webhook events, each within its deadline. Disposing waits for those under way. */
export function createPublisher({ bus, timeoutMs, logger, clock }: PublisherDeps): Publisher {
  const batcher = createBatcher(bus, topics.webhookEvents);
  const logFault = createFaultLog(logger, clock, 'the event bus takes no events; senders are told to try again');
  let pendingBytes = 0;

  function publishBatched(message: Message): Promise<void> {
    const bytes = message.value.length;
    if (pendingBytes + bytes > MAX_PENDING_BYTES) throw new Error('too much is waiting for the event bus');
    pendingBytes += bytes;
    const settled = () => void (pendingBytes -= bytes);
    const published = batcher.publish(message);
    published.then(settled, settled);
    return published;
  }

  return {
    async publish(message) {
      try {
        await withDeadline(publishBatched(message), timeoutMs, () => new Error(`no answer within ${timeoutMs} ms`));
      } catch (error) {
        logFault(error);
        throw busUnavailable(error);
      }
    },
    [Symbol.asyncDispose]: () => batcher[Symbol.asyncDispose](),
  };
}

function busUnavailable(cause: unknown): AppError {
  return new AppError(
    'unavailable',
    'bus_unavailable',
    'The event could not be stored, for a reason of ours. Send the same request again after the time in Retry-After.',
    { cause, retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
