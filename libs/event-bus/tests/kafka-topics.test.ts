import { sharedKafka } from '@agent-platform/testing';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopics } from '../src/index.ts';
import { eventually, newTopic } from '../src/conformance/fixture.ts';
import { logger } from './kafka.ts';

const kafka = await sharedKafka();

if (kafka.kind === 'none') describe.skip(`the topics of Kafka: ${kafka.reason}`);
else describeTopics(kafka.brokers);

function describeTopics(brokers: readonly string[]): void {
  const admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  beforeAll(() => admin.connect());
  afterAll(() => admin.disconnect());

  async function settingsOf(name: string): Promise<Record<string, string>> {
    const { TOPIC: type } = kafkajs.ConfigResourceTypes;
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name }] });
    const entries = resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]);
    return Object.fromEntries(entries) as Record<string, string>;
  }

  describe('the topics of Kafka', () => {
    it('are created as the table says, and are left alone the next time', async () => {
      const topic = newTopic();
      const first = await ensureTopics({ brokers, topics: [topic], logger });
      expect(first).toEqual([expect.objectContaining({ name: topic.name, partitions: 4, change: 'created' })]);
      expect(await settingsOf(topic.name)).toMatchObject({
        'retention.ms': String(topic.retentionMs),
        'min.insync.replicas': String(first[0]!.minInsyncReplicas),
        'unclean.leader.election.enable': 'false',
      });
      const second = await ensureTopics({ brokers, topics: [topic], logger });
      expect(second).toEqual([{ ...first[0], change: 'none' }]);
    });

    it('are brought up to date, and keep what somebody else has set', async () => {
      const topic = newTopic();
      await ensureTopics({ brokers, topics: [topic], logger });
      const configEntries = [{ name: 'segment.ms', value: '3600000' }];
      const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic.name, configEntries }];
      await admin.alterConfigs({ validateOnly: false, resources });

      const wanted = { ...topic, partitions: 6, retentionMs: 3_600_000 };
      const [status] = await ensureTopics({ brokers, topics: [wanted], logger });
      expect(status).toMatchObject({ partitions: 6, retentionMs: 3_600_000, change: 'updated' });
      // A broker learns a moment later what its controller has stored.
      await eventually(async () => {
        expect(await settingsOf(topic.name)).toMatchObject({ 'retention.ms': '3600000', 'segment.ms': '3600000' });
      });
    });

    it('never lose partitions', async () => {
      const topic = newTopic();
      await ensureTopics({ brokers, topics: [topic], logger });
      const [status] = await ensureTopics({ brokers, topics: [{ ...topic, partitions: 2 }], logger });
      expect(status).toMatchObject({ partitions: 4, change: 'none' });
    });

    it('are refused with a reason when there is no broker', async () => {
      const nowhere = ensureTopics({ brokers: ['127.0.0.1:1'], topics: [newTopic()], logger });
      await expect(nowhere).rejects.toMatchObject({ code: 'bus_unavailable' });
    });
  });
}
