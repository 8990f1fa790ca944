import type { Topic } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/telemetry';
import kafkajs, { type Admin } from 'kafkajs';
import { backOff } from '../backoff.ts';
import { createAdminLink } from './admin.ts';
import { clientFactory } from './client.ts';
import { busUnavailable, NO_ANSWER, protocolErrorOf } from './errors.ts';
import type { KafkaSecurity } from './security.ts';

/** How a topic is now, and what was done to it. */
export interface TopicStatus {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly minInsyncReplicas: number;
  readonly retentionMs: number;
  readonly change: 'created' | 'updated' | 'none';
}

export interface EnsureTopicsOptions {
  readonly brokers: readonly string[];
  readonly topics: readonly Topic[];
  readonly security?: KafkaSecurity | undefined;
  readonly logger: Logger;
  /** Copies of each partition; of new topics only. Default 3, or one for each broker if there are fewer. */
  readonly replicas?: number;
  /** Copies that must have a message before it counts as accepted. Default: one less than there are. */
  readonly minInsyncReplicas?: number;
}

const WITHIN_MS = 60_000;
const KNOWN_ATTEMPTS = 8;

/** The largest webhook body that ingest can be set to take, 25 MiB, with all that is around it. */
const MAX_MESSAGE_BYTES = 26 * 1024 * 1024;

/**
 * Creates the topics that are missing and brings partitions, retention, `min.insync.replicas`, `max.message.bytes` and
 * `unclean.leader.election.enable` of the others up to date; other settings stay as they are. Partitions are only ever
 * added: from then on new messages of a key may go to another partition than its older ones, so let consumers catch up
 * first.
 *
 * @throws AppError `unavailable` `bus_unavailable`
 */
export async function ensureTopics(o: EnsureTopicsOptions): Promise<TopicStatus[]> {
  await using link = createAdminLink(clientFactory({ ...o, clientId: 'topics' }));
  try {
    return await link.run(WITHIN_MS, (admin) => ensureAll(admin, o));
  } catch (error) {
    const what = `The topics could not be created at ${o.brokers.join(', ')}.`;
    throw busUnavailable(what, error, NO_ANSWER);
  }
}

async function ensureAll(admin: Admin, o: EnsureTopicsOptions): Promise<TopicStatus[]> {
  const { brokers } = await admin.describeCluster();
  const replicas = o.replicas ?? Math.min(3, brokers.length);
  const existing = new Set(await admin.listTopics());
  const result: TopicStatus[] = [];
  for (const topic of o.topics) {
    const before = existing.has(topic.name) ? await describe(admin, topic.name) : undefined;
    const minInsyncReplicas = o.minInsyncReplicas ?? Math.max(1, (before?.replicas ?? replicas) - 1);
    const wanted = {
      'retention.ms': String(topic.retentionMs),
      'min.insync.replicas': String(minInsyncReplicas),
      'max.message.bytes': String(MAX_MESSAGE_BYTES),
      'unclean.leader.election.enable': 'false',
    };
    const change = before ? await update(admin, topic, before, wanted) : await create(admin, topic, replicas, wanted);
    result.push({
      name: topic.name,
      partitions: Math.max(before?.partitions ?? 0, topic.partitions),
      replicas: before?.replicas ?? replicas,
      minInsyncReplicas,
      retentionMs: topic.retentionMs,
      change,
    });
  }
  return result;
}

type Settings = Readonly<Record<string, string>>;

interface Layout {
  readonly partitions: number;
  readonly replicas: number;
  /** Those of the topic itself, without defaults. */
  readonly settings: Settings;
}

async function create(admin: Admin, topic: Topic, replicas: number, settings: Settings): Promise<'created' | 'none'> {
  const created = await admin.createTopics({
    // It would fail when the broker does not know yet what its controller has just made.
    waitForLeaders: false,
    topics: [
      {
        topic: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: replicas,
        configEntries: entries(settings),
      },
    ],
  });
  await untilKnown(admin, topic.name);
  return created ? 'created' : 'none';
}

async function untilKnown(admin: Admin, topic: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await admin.fetchTopicMetadata({ topics: [topic] });
      return;
    } catch (error) {
      const passes = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'].includes(protocolErrorOf(error) ?? '');
      if (!passes || attempt === KNOWN_ATTEMPTS) throw error;
      await backOff(attempt);
    }
  }
}

async function update(admin: Admin, topic: Topic, before: Layout, wanted: Settings): Promise<'updated' | 'none'> {
  const grows = topic.partitions > before.partitions;
  if (grows) await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: topic.partitions }] });
  const differs = Object.entries(wanted).some(([name, value]) => before.settings[name] !== value);
  if (differs) {
    // This request replaces all settings of the topic: what somebody else has set goes along.
    const configEntries = entries({ ...before.settings, ...wanted });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic.name, configEntries }],
    });
  }
  return grows || differs ? 'updated' : 'none';
}

async function describe(admin: Admin, name: string): Promise<Layout> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
  });
  const own = resources[0]!.configEntries.filter(
    ({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG,
  );
  const { partitions } = topics[0]!;
  return {
    partitions: partitions.length,
    replicas: partitions[0]!.replicas.length,
    settings: Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])),
  };
}

function entries(settings: Settings): { name: string; value: string }[] {
  return Object.entries(settings).map(([name, value]) => ({ name, value }));
}
