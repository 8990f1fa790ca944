import { deadLetterTopic, type Topic } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/telemetry';
import type { EventBus, FollowOptions, Message, SubscribeOptions, Subscription } from './bus.ts';
import { createAdminLink } from './kafka/admin.ts';
import { clientFactory, type CreateClient } from './kafka/client.ts';
import { busUnavailable, NO_ANSWER } from './kafka/errors.ts';
import { startFollower } from './kafka/follower.ts';
import { createPublisher } from './kafka/publisher.ts';
import type { KafkaSecurity } from './kafka/security.ts';
import { startSubscription } from './kafka/subscription.ts';
import { WATCHDOG, type WatchdogTimes } from './kafka/watchdog.ts';

export interface KafkaBusOptions {
  /** `host:port` each; some of the cluster's brokers are enough. */
  readonly brokers: readonly string[];
  /** What the broker calls this process in its logs and quotas. */
  readonly clientId: string;
  readonly security?: KafkaSecurity | undefined;
  readonly logger: Logger;
}

/** What tests replace to break it. */
export interface KafkaBusParts {
  readonly createClient?: CreateClient;
  readonly watchdog?: WatchdogTimes;
}

const FIRST_CHECK_WITHIN_MS = 5_000;
const CHECK_WITHIN_MS = 2_000;

/**
 * The event bus on Apache Kafka. Topics are not created by it: see `ensureTopics`. Accepted means acknowledged by all
 * replicas in sync; delivered at least once.
 *
 * What KafkaJS 2.2.4 does, and what is done about it; each has a test that fails without:
 * - Idempotent, it acknowledges messages that are never stored: it reuses the sequence numbers of failed sends. On a
 *   real broker, 112 connections lost after the append cost 102 of 1,000 messages. So `idempotent: false`.
 * - Its time limits add up to minutes, and a connection that has fallen silent is used again and again: a publish is
 *   answered within 4 s, and then the producer is replaced (`publisher.ts`).
 * - `disconnect()` does not wait for sends that are retried (https://github.com/tulios/kafkajs/issues/879), and waits
 *   for ever on a silent connection (`publisher.ts`, `client.ts`).
 * - It sends no heartbeats and serves no other partition while a handler runs: long deliveries go on beside it
 *   (`session.ts`).
 * - Consumers stop without a word (https://github.com/tulios/kafkajs/issues/659,
 *   https://github.com/tulios/kafkajs/issues/1720): `watchdog.ts`. They are never restarted, always replaced.
 * - A timer of 1 ms on every connection (https://github.com/tulios/kafkajs/issues/1751): `timer-fix.ts`.
 * - It cannot read without a group, whose end of the log is wherever the first fetch finds it: `follower.ts`.
 * - It does not split batches that are too large for the broker: `publisher.ts`.
 *
 * @throws AppError `unavailable` when no broker answers at the start.
 */
export async function createKafkaBus(options: KafkaBusOptions, parts: KafkaBusParts = {}): Promise<EventBus> {
  const { brokers, logger } = options;
  const { createClient = clientFactory(options), watchdog = WATCHDOG } = parts;
  await using resources = new AsyncDisposableStack();
  const unreachable = (error: unknown): never => {
    throw busUnavailable(`Kafka cannot be reached at ${brokers.join(', ')}.`, error, NO_ANSWER);
  };
  const publisher = resources.use(await createPublisher({ createClient, brokers, logger }).catch(unreachable));
  const admin = resources.use(createAdminLink(createClient));
  // A connection to a listener that wants SASL comes about without, and no request is answered on it.
  await admin.run(FIRST_CHECK_WITHIN_MS, (client) => client.describeCluster()).catch(unreachable);
  const subscriptions = new Set<AsyncDisposable>();
  resources.defer(async () => {
    await Promise.all([...subscriptions].map((subscription) => subscription[Symbol.asyncDispose]()));
  });

  const keep = <S extends AsyncDisposable>(subscription: S): S => {
    subscriptions.add(subscription);
    return {
      ...subscription,
      [Symbol.asyncDispose]: async () => {
        await subscription[Symbol.asyncDispose]();
        subscriptions.delete(subscription);
      },
    };
  };

  const publish = (topic: Topic, messages: readonly Message[]) => publisher.publish(topic, messages);

  const subscribe = async (options: SubscribeOptions): Promise<Subscription> => {
    const {
      topic,
      group,
      handler,
      maxBatch = 200,
      maxFailures = 5,
      deadLetters = deadLetterTopic(topic, group),
    } = options;
    const subscription = await startSubscription({
      topic: topic.name,
      group,
      handler,
      maxBatch,
      maxFailures,
      logger,
      createClient,
      admin,
      watchdog,
      partitions: topic.partitions,
      deadLetter: (message) => publish(deadLetters, [message]),
    });
    return keep(subscription);
  };

  const follow = (options: FollowOptions) => keep(startFollower({ ...options, logger, createClient, admin, watchdog }));

  const check = async (): Promise<void> => {
    try {
      await admin.run(CHECK_WITHIN_MS, (client) => client.describeCluster());
    } catch (error) {
      throw busUnavailable('Kafka cannot be reached.', error);
    }
  };

  const owned = resources.move();
  return { publish, subscribe, follow, check, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
