import type { Logger } from '@agent-platform/telemetry';
import { backOff } from '../backoff.ts';
import type { BatchHandler, Message, ReceivedMessage } from '../bus.ts';
import { deliver } from '../delivery.ts';
import type { HeldUp } from '../held-up.ts';

export interface LanesOptions {
  readonly topic: string;
  readonly group: string;
  readonly handler: BatchHandler;
  readonly maxBatch: number;
  readonly maxFailures: number;
  readonly logger: Logger;
  readonly heldUp: Pick<HeldUp, 'report'>;
  deadLetter(message: Message): Promise<void>;
}

/** Messages of one partition as they were fetched, and how to store that they are done. */
export interface Work {
  readonly partition: number;
  readonly messages: readonly ReceivedMessage[];
  readonly commit: (nextOffset: bigint) => Promise<void>;
}

/** A delivery that is under way. */
export interface Lane {
  /** Resolves when the handler has returned for the last time, whatever came of it. */
  readonly done: Promise<void>;
}

/** The deliveries of one member: at most one for each partition, in order, each with a signal of its own. */
export function createLanes(o: LanesOptions) {
  const running = new Map<number, Lane & { readonly abort: AbortController }>();
  /** Where the last delivery got to: a fetch that was on its way meanwhile brings the same messages once more. */
  const positions = new Map<number, bigint>();

  async function run({ partition, messages, commit }: Work, signal: AbortSignal): Promise<void> {
    const store = async (nextOffset: bigint): Promise<void> => {
      for (let attempt = 0; ; attempt++) {
        try {
          await commit(nextOffset);
          positions.set(partition, nextOffset);
          return;
        } catch (error) {
          signal.throwIfAborted();
          o.logger.warn({ err: error, topic: o.topic, group: o.group, partition }, 'offset not stored yet');
          await backOff(attempt, signal);
        }
      }
    };
    const position = positions.get(partition) ?? 0n;
    positions.delete(partition);
    const pending = messages.filter(({ offset }) => offset >= position);
    for (let from = 0; from < pending.length; from += o.maxBatch) {
      signal.throwIfAborted();
      await deliver(pending.slice(from, from + o.maxBatch), { ...o, signal, commit: store });
    }
  }

  return {
    /** The delivery of this partition that has not come to its end. */
    of: (partition: number): Lane | undefined => running.get(partition),
    start(work: Work): Lane {
      const abort = new AbortController();
      const done = run(work, abort.signal)
        // Not lost: what is not stored is fetched again.
        .catch((error: unknown) => {
          if (!abort.signal.aborted) o.logger.warn({ err: error, partition: work.partition }, 'delivery ended early');
        })
        .finally(() => running.delete(work.partition));
      const lane = { done, abort };
      running.set(work.partition, lane);
      return lane;
    },
    abortAll(): void {
      for (const { abort } of running.values()) abort.abort();
    },
    async settled(): Promise<void> {
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

export type Lanes = ReturnType<typeof createLanes>;
