import type { Pool } from '@agent-platform/database';
import type { Logger } from '@agent-platform/telemetry';
import { backOff } from '../backoff.ts';
import type { BatchHandler, Message } from '../bus.ts';
import { deliver } from '../delivery.ts';
import type { HeldUp } from '../held-up.ts';
import { WakeUp } from '../wake-up.ts';
import { fetchBatch } from './fetch.ts';
import type { Member } from './group.ts';
import { commitOffset, type Lease, releaseLease } from './leases.ts';

export interface PartitionContext {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly member: Member;
  readonly handler: BatchHandler;
  readonly maxBatch: number;
  readonly maxFailures: number;
  readonly heldUp: Pick<HeldUp, 'report'>;
  deadLetter(message: Message): Promise<void>;
}

/** Delivers one partition for as long as its lease is ours. */
export interface PartitionLoop {
  /** Resolves when the last handler has returned and the lease is given back. */
  readonly done: Promise<void>;
  readonly stopping: boolean;
  wake(): void;
  /** Wakes it when there is something to read. */
  headIs(head: bigint): void;
  stop(): void;
}

export function startPartitionLoop(context: PartitionContext, lease: Lease): PartitionLoop {
  const { pool, member, logger } = context;
  const stopping = new AbortController();
  const { signal } = stopping;
  const wakeUp = new WakeUp();
  let position = lease.nextOffset;

  /** Until it is stored: while the database is away the handler's work would otherwise be done again. */
  const commit = async (nextOffset: bigint): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        if (!(await commitOffset(pool, member, lease, nextOffset))) stopping.abort();
        position = nextOffset;
        return;
      } catch (error) {
        signal.throwIfAborted();
        logger.warn({ err: error, partition: lease.partition }, 'offset not stored yet');
        await backOff(attempt, signal);
      }
    }
  };
  const delivery = {
    topic: member.topic,
    group: member.group,
    handler: context.handler,
    maxFailures: context.maxFailures,
    heldUp: context.heldUp,
    deadLetter: (message: Message) => context.deadLetter(message),
    signal,
    logger,
    commit,
  };

  const run = async (): Promise<void> => {
    for (let attempt = 0; !signal.aborted;) {
      try {
        const batch = await fetchBatch(pool, lease, position, context.maxBatch);
        attempt = 0;
        if (batch.length > 0) await deliver(batch, delivery);
        else await wakeUp.wait(signal);
      } catch (error) {
        if (signal.aborted) break;
        logger.warn({ err: error, partition: lease.partition }, 'partition cannot be read');
        await backOff(attempt++, signal).catch(() => undefined);
      }
    }
    // If this fails, the lease runs out by itself.
    await releaseLease(pool, member, lease).catch(() => undefined);
  };

  return {
    done: run(),
    get stopping() {
      return signal.aborted;
    },
    wake: () => wakeUp.wake(),
    headIs: (head) => {
      if (head > position) wakeUp.wake();
    },
    stop: () => stopping.abort(),
  };
}
