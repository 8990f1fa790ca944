import { join } from 'node:path';
import { checkWritable, createPool, databaseErrorToAppError, migrate } from '@agent-platform/database';
import { deadLetterTopic, type Topic } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import type { EventBus, FollowOptions, Message, SubscribeOptions } from './bus.ts';
import { append } from './postgres/append.ts';
import { type PostgresFollower, startFollower } from './postgres/follower.ts';
import { joinGroup } from './postgres/group.ts';
import { createNotifier } from './postgres/notifier.ts';
import { createPartitionDirectory } from './postgres/partitions.ts';
import { startRetention } from './postgres/retention.ts';
import { type PostgresSubscription, startSubscription } from './postgres/subscription.ts';

export interface PostgresBusOptions {
  /** A database of its own; its tables are made and kept up to date by the bus. */
  readonly url: string;
  readonly logger: Logger;
}

/** Senders give up after a few seconds; whoever publishes for them must answer before. */
const PUBLISH_WITHIN_MS = 4_500;
const STATEMENT_TIMEOUT_MS = 4_000;

const MIGRATIONS = join(import.meta.dirname, '../migrations');

/**
 * The event bus as a log in PostgreSQL: what one machine needs, with the guarantees that Kafka gives a cluster.
 * Messages older than their topic's `retentionMs` are deleted, read or not.
 *
 * @throws AppError `unavailable` when the database is not there at the start.
 */
export async function createPostgresBus({ url, logger }: PostgresBusOptions): Promise<EventBus> {
  await migrate({ url, migrationsDir: MIGRATIONS });
  const shared = { logger, statementTimeoutMs: STATEMENT_TIMEOUT_MS, max: 4 };
  await using resources = new AsyncDisposableStack();
  const publishing = createPool({ ...shared, url, applicationName: 'bus-publish' });
  resources.defer(() => publishing.end());
  // Offsets and leases need not be on disk before we go on: a crash of the database loses the last moments of
  // them, and messages are delivered again.
  const settings = { synchronous_commit: 'off' };
  const consuming = createPool({ ...shared, url, settings, applicationName: 'bus-consume' });
  resources.defer(() => consuming.end());
  resources.use(startRetention(consuming, logger));

  const subscriptions = new Set<PostgresSubscription>();
  const followers = new Set<PostgresFollower>();
  const among = (topic: string, group?: string) =>
    [...subscriptions].filter((one) => one.topic === topic && (group === undefined || one.group === group));
  const onPublished = (topic: string, partitions: Iterable<number>) => {
    for (const subscription of among(topic)) subscription.published(partitions);
    for (const follower of followers) if (follower.topic === topic) follower.published();
  };
  const onGroupChanged = (topic: string, group: string) => {
    for (const subscription of among(topic, group)) subscription.rebalance();
  };
  const onGap = () => {
    for (const one of [...subscriptions, ...followers]) one.published();
  };
  const notifier = resources.use(createNotifier({ url, pool: consuming, logger, onPublished, onGroupChanged, onGap }));
  const partitionsOf = createPartitionDirectory(publishing);

  const publish = async (topic: Topic, messages: readonly Message[]): Promise<void> => {
    if (messages.length === 0) return;
    const grown = await bounded(async () => append(publishing, await partitionsOf(topic), messages));
    onPublished(topic.name, grown);
    notifier.published(topic.name, grown);
  };

  const subscribe = async (options: SubscribeOptions): Promise<PostgresSubscription> => {
    const { topic, group, handler, deadLetters = deadLetterTopic(topic, group) } = options;
    const member = { topic: topic.name, group, id: crypto.randomUUID() };
    await bounded(async () => {
      await partitionsOf(topic);
      await joinGroup(consuming, member);
    });
    notifier.listen();
    const groupChanged = async () => {
      onGroupChanged(topic.name, group);
      await notifier.groupChanged(topic.name, group);
    };
    const subscription = startSubscription({
      pool: consuming,
      logger,
      member,
      handler,
      maxBatch: options.maxBatch ?? 200,
      maxFailures: options.maxFailures ?? 5,
      deadLetter: (message) => publish(deadLetters, [message]),
      groupChanged,
    });
    subscriptions.add(subscription);
    void subscription.done.then(() => subscriptions.delete(subscription));
    await groupChanged();
    return subscription;
  };

  const follow = (options: FollowOptions) => {
    notifier.listen();
    const ensureTopic = () => partitionsOf(options.topic);
    const follower = startFollower({ ...options, pool: consuming, logger, ensureTopic });
    followers.add(follower);
    return {
      [Symbol.asyncDispose]: async () => {
        followers.delete(follower);
        await follower[Symbol.asyncDispose]();
      },
    };
  };

  resources.defer(async () => {
    await Promise.all([...subscriptions, ...followers].map((one) => one[Symbol.asyncDispose]()));
  });
  const owned = resources.move();
  return {
    publish,
    subscribe,
    follow,
    check: () => bounded(() => checkWritable(publishing)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Answers in time whatever the database does; what was begun may still succeed, as with any broker. */
async function bounded<T>(work: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(unavailable()), PUBLISH_WITHIN_MS);
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    const mapped = databaseErrorToAppError(error);
    throw mapped.kind === 'unavailable' && mapped.code !== 'bus_unavailable' ? unavailable(error) : mapped;
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(cause?: unknown): AppError {
  const message = 'The event bus cannot take messages right now; try again.';
  return new AppError('unavailable', 'bus_unavailable', message, { cause, retryAfterSeconds: 2 });
}
