import type { Consumer, EachBatchPayload, IHeaders, KafkaMessage } from 'kafkajs';
import type { ReceivedMessage } from '../bus.ts';
import { type CreateClient, RETRY } from './client.ts';
import { within } from './errors.ts';
import { createLanes, type LanesOptions } from './lanes.ts';

/** A member that says nothing for this long is taken for dead and its partitions go to the others. */
const SESSION_TIMEOUT_MS = 6_000;
const HEARTBEAT_MS = 1_500;
/** How long a rebalance waits for members; ours come within `PATIENCE_MS` and the network. */
const REBALANCE_TIMEOUT_MS = 10_000;
const JOIN_WITHIN_MS = 30_000;
const COMMIT_WITHIN_MS = 3_000;
const LEAVE_WITHIN_MS = 3_000;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * How long a fetch waits at the broker when there is nothing. A message ends it at once; what has to wait for it is
 * the end of the session, and a partition that comes back from a pause.
 */
const MAX_WAIT_MS = 250;

/**
 * How long the other partitions wait for the delivery of one: KafkaJS fetches, sends heartbeats and takes part in
 * rebalances only between deliveries. One that takes longer goes on by itself while its partition is paused.
 */
const PATIENCE_MS = 500;

/** One membership in the group. It ends by itself when KafkaJS gives up; then another one has to be started. */
export interface Session {
  /** Resolves with the reason. */
  readonly ended: Promise<unknown>;
  readonly assigned: ReadonlySet<number>;
  /** Whether a delivery of this partition is under way. */
  isBusy(partition: number): boolean;
  /** When KafkaJS last showed a sign of life; a `performance.now()`. */
  aliveAtMs(): number;
  /** Waits for the handlers that are running, then leaves the group. */
  stop(): Promise<void>;
}

export interface SessionOptions extends LanesOptions {
  readonly createClient: CreateClient;
  /** How many may be worked on at the same time. */
  readonly partitions: number;
  /** Of one that follows: where it reads on in each partition. It keeps that itself, and its group stores nothing. */
  readonly positions?: ReadonlyMap<number, bigint>;
}

/** Joins the group. Rejects if that does not succeed, or at once when `signal` is aborted before. */
export async function startSession(o: SessionOptions, signal: AbortSignal): Promise<Session> {
  // Members of one group must not share a client: KafkaJS keeps stored offsets in it, by group.
  const client = o.createClient({ requestTimeout: REQUEST_TIMEOUT_MS });
  const consumer = client.kafka.consumer({
    groupId: o.group,
    allowAutoTopicCreation: false,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    maxWaitTimeInMs: MAX_WAIT_MS,
    // Restarted by KafkaJS, a consumer comes back even after it was stopped, or not at all.
    retry: { ...RETRY, retries: 3, restartOnFailure: async () => false },
  });
  const lanes = createLanes(o);
  const joined = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  let assigned: ReadonlySet<number> = new Set();
  let aliveAtMs = performance.now();
  let stopping: Promise<void> | undefined;

  const alive = () => void (aliveAtMs = performance.now());
  const { FETCH, HEARTBEAT, GROUP_JOIN, REBALANCING, CRASH } = consumer.events;
  consumer.on(FETCH, alive);
  consumer.on(HEARTBEAT, alive);
  // Only deliveries that take long are still under way then. They start again, here or elsewhere.
  consumer.on(REBALANCING, () => lanes.abortAll());
  consumer.on(GROUP_JOIN, ({ payload }) => {
    alive();
    lanes.abortAll();
    assigned = new Set(payload.memberAssignment[o.topic]);
    // Before the first fetch, which would begin wherever the end is by then.
    for (const [partition, offset] of o.positions ?? []) {
      consumer.seek({ topic: o.topic, partition, offset: String(offset) });
    }
    joined.resolve();
  });
  consumer.on(CRASH, ({ payload }) => {
    assigned = new Set();
    lanes.abortAll();
    joined.reject(payload.error);
    ended.resolve(payload.error);
  });

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { partition, messages } = payload.batch;
    let lane = lanes.of(partition);
    const earlier = lane !== undefined;
    if (!stopping) {
      lane ??= lanes.start({
        partition,
        messages: messages.map((message) => received(partition, message)),
        commit: (nextOffset) => commit(payload, nextOffset),
      });
    }
    if (!lane || (await settles(lane.done, PATIENCE_MS))) return;
    const resume = payload.pause();
    // What was fetched while an earlier delivery had not ended is fetched again.
    void lane.done.then(resume).catch(() => undefined);
    if (!earlier) o.logger.debug({ topic: o.topic, group: o.group, partition }, 'a delivery takes long');
  }

  /**
   * By the payload's function, for `consumer.commitOffsets()` silently does nothing once the consumer is stopping. The
   * position for the next fetch moves only now: a delivery that ended early is fetched again.
   */
  async function commit({ batch, ...payload }: EachBatchPayload, nextOffset: bigint): Promise<void> {
    const { topic, partition } = batch;
    if (!assigned.has(partition)) throw new Error('the partition has moved to another member');
    if (!o.positions) {
      const offsets = [{ partition, offset: String(nextOffset) }];
      await within(COMMIT_WITHIN_MS, payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: offsets }] }));
    }
    if (assigned.has(partition)) payload.resolveOffset(String(nextOffset - 1n));
  }

  async function stop(): Promise<void> {
    lanes.abortAll();
    await lanes.settled();
    await within(LEAVE_WITHIN_MS, consumer.disconnect()).catch(() => undefined);
    client.destroy();
    ended.resolve(undefined);
  }

  joined.promise.catch(() => undefined);
  const giveUp = () => client.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    signal.throwIfAborted();
    await within(JOIN_WITHIN_MS, join(consumer, o, eachBatch, joined.promise));
  } catch (error) {
    await (stopping ??= stop());
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  return {
    ended: ended.promise,
    get assigned() {
      return assigned;
    },
    isBusy: (partition) => lanes.of(partition) !== undefined,
    aliveAtMs: () => aliveAtMs,
    stop: () => (stopping ??= stop()),
  };
}

async function join(
  consumer: Consumer,
  { topic, partitions }: SessionOptions,
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
  joined: Promise<void>,
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: partitions,
    eachBatch,
  });
  // `run` also resolves when joining has failed.
  await joined;
}

async function settles(done: Promise<void>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  return Promise.race([done.then(() => true), late]).finally(() => clearTimeout(timer));
}

function received(partition: number, { key, value, offset, headers = {} }: KafkaMessage): ReceivedMessage {
  return {
    partition,
    offset: BigInt(offset),
    key: key?.toString() ?? '',
    value: value ?? new Uint8Array(),
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, headerText(text)])),
  };
}

/** The last one counts where a sender repeats a header. */
function headerText(value: IHeaders[string]): string {
  const one = Array.isArray(value) ? value.at(-1) : value;
  return one?.toString() ?? '';
}
