import type { Topic } from '@agent-platform/proto';

/** A message to publish. Order is kept among messages with the same key. */
export interface Message {
  readonly key: string;
  readonly value: Uint8Array;
  /** CloudEvents attributes (Kafka binding: `ce_id`, `ce_type`, …) and `traceparent`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ReceivedMessage extends Message {
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * Processes messages of one partition, in order. When it resolves, the whole batch is done and is never
 * delivered to the group again, except after a crash before the offset was stored: handlers de-duplicate.
 * When it rejects, the batch is delivered again after a pause. A message that keeps failing alone goes to the
 * dead-letter topic if that is its own fault: a handler says so with an AppError of kind `invalid_argument`
 * (`whose-fault.ts`). By a fault of ours none ever does.
 *
 * @param signal - aborted when the partition moves to another member or the bus closes.
 */
export type BatchHandler = (batch: readonly ReceivedMessage[], signal: AbortSignal) => Promise<void>;

export interface SubscribeOptions {
  readonly topic: Topic;
  /** Members of one group share the partitions; each group sees every message. */
  readonly group: string;
  readonly handler: BatchHandler;
  /** Messages per batch, at most. Default 200. */
  readonly maxBatch?: number;
  /** Failures of one message, delivered alone and by its own fault, before it is dead-lettered. Default 5; Infinity: never. */
  readonly maxFailures?: number;
  /** Where messages go that cannot be processed. Default: `deadLetterTopic(topic, group)`. */
  readonly deadLetters?: Topic;
}

export interface Subscription extends AsyncDisposable {
  /** Rejects with `AppError('unavailable', 'messages_held_up')` while messages wait for a fault of ours to pass. */
  check(): Promise<void>;
}

export interface FollowOptions {
  readonly topic: Topic;
  /** Called for each message, in order within a partition. One that it throws on is logged, and counts as a gap. */
  readonly onMessage: (message: ReceivedMessage) => void;
  /**
   * What was published before this call may have been missed; whatever is published after it comes. Called when following
   * begins, and again should messages have expired before they could be read, or one not be understood.
   */
  readonly onGap: () => void;
}

/** At-least-once delivery, order per key. Drivers: `bus-kafka.ts`, `bus-postgres.ts`; one conformance suite proves both. */
export interface EventBus extends AsyncDisposable {
  /** Resolves when every message is durable; rejects with `AppError('unavailable', 'bus_unavailable')`. */
  publish(topic: Topic, messages: readonly Message[]): Promise<void>;
  /** Starts consuming. Disposing the subscription waits for the handler that is running, then lets go. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /**
   * Broadcast: every follower sees every message that is published from now on, and nothing is stored for it. Tries to for
   * as long as it takes, so it can be called while the bus, or the topic, is not there.
   */
  follow(options: FollowOptions): AsyncDisposable;
  /** Rejects when the bus cannot take messages now. */
  check(): Promise<void>;
}
