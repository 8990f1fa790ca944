import type { Consumer } from 'kafkajs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createKafkaBus, type KafkaBusParts } from '../src/index.ts';
import { eventually, message } from '../src/conformance/fixture.ts';
import { clientFactory, type CreateClient } from '../src/kafka/client.ts';
import { logger } from './kafka.ts';
import { counting, createTopic, type FaultyKafka, startFaultyKafka } from './kafka-faults.ts';

const found = await startFaultyKafka();

if ('reason' in found) describe.skip(`consuming from a Kafka that fails: ${found.reason}`);
else describeConsuming(found);

function describeConsuming(kafka: FaultyKafka): void {
  afterAll(() => kafka[Symbol.asyncDispose]());

  const connect = (brokers: readonly string[], parts?: KafkaBusParts) =>
    createKafkaBus({ brokers, clientId: 'test', logger }, parts);
  const watchdog = { intervalMs: 200, stalledAfterMs: 1_000 };

  describe('consuming from a Kafka that fails', () => {
    it('goes on after a consumer has stopped fetching without a word', async () => {
      const topic = await createTopic(kafka.direct);
      let stalled = 0;
      const createClient = stalling(clientFactory({ brokers: kafka.direct, clientId: 'test', logger }), (consumer) => {
        // It goes on sending heartbeats, as KafkaJS's stalled consumers do.
        if (stalled++ === 0) consumer.on('consumer.group_join', () => consumer.pause([{ topic: topic.name }]));
      });
      await using bus = await connect(kafka.direct, { createClient, watchdog });
      const { handler, seen } = counting();
      await bus.subscribe({ topic, group: 'g', handler });
      await bus.publish(topic, [message('a', '1')]);
      await eventually(() => expect([...seen]).toEqual([['1', 1]]));
      expect(stalled).toBe(2);
    });

    it('goes on over new connections when the old ones have fallen silent', async () => {
      const topic = await createTopic(kafka.direct);
      await using publisher = await connect(kafka.direct);
      await using bus = await connect(kafka.proxied, { watchdog });
      const { handler, seen } = counting();
      await bus.subscribe({ topic, group: 'g', handler });
      await publisher.publish(topic, [message('a', '1')]);
      await eventually(() => expect(seen.has('1')).toBe(true));
      for (const connection of kafka.proxy.connections) connection.blackHole('toClient');
      await publisher.publish(topic, [message('a', '2')]);
      await eventually(() => expect(seen.has('2')).toBe(true));
    });

    it('followers go on after a restart of the broker, with what was published as soon as it was back', async () => {
      const topic = await createTopic(kafka.direct);
      await using publisher = await connect(kafka.direct);
      await using bus = await connect(kafka.direct);
      const seen: string[] = [];
      let gaps = 0;
      bus.follow({ topic, onMessage: ({ value }) => seen.push(Buffer.from(value).toString()), onGap: () => gaps++ });
      await eventually(() => expect(gaps).toBe(1));
      await kafka.control.kill();
      await kafka.control.start();
      await eventually(() => publisher.publish(topic, [message('a', '1')]));
      await eventually(() => expect(seen).toContain('1'));
      expect(gaps).toBe(1);
    });

    it('followers store nothing', async () => {
      const topic = await createTopic(kafka.direct);
      await using bus = await connect(kafka.direct);
      let seen = 0;
      let gaps = 0;
      bus.follow({ topic, onMessage: () => seen++, onGap: () => gaps++ });
      await eventually(() => expect(gaps).toBe(1));
      await bus.publish(topic, [message('a', '1'), message('a', '2')]);
      await eventually(() => expect(seen).toBe(2));
      const { kafka: client } = clientFactory({ brokers: kafka.direct, clientId: 'test', logger })();
      const admin = client.admin();
      await admin.connect();
      const { groups } = await admin.listGroups();
      const own = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(topic.name));
      expect(own).toHaveLength(1);
      expect(await admin.fetchOffsets({ groupId: own[0]!, topics: [topic.name] })).toMatchObject([
        { partitions: [{ offset: '-1' }] },
      ]);
      await admin.disconnect();
    });

    it('followers go on when they had stopped fetching without a word', async () => {
      const topic = await createTopic(kafka.direct);
      let consumers = 0;
      const createClient = stalling(clientFactory({ brokers: kafka.direct, clientId: 'test', logger }), (consumer) => {
        if (consumers++ === 0) consumer.on('consumer.group_join', () => consumer.pause([{ topic: topic.name }]));
      });
      await using bus = await connect(kafka.direct, { createClient, watchdog });
      const seen: string[] = [];
      let gaps = 0;
      bus.follow({ topic, onMessage: ({ value }) => seen.push(Buffer.from(value).toString()), onGap: () => gaps++ });
      await eventually(() => expect(gaps).toBe(1));
      await bus.publish(topic, [message('a', '1')]);
      await eventually(() => expect(seen).toEqual(['1']));
      expect([consumers, gaps]).toEqual([2, 1]);
    });

    it('leaves a handler its time: longer than the session of a member that is dead', { timeout: 40_000 }, async () => {
      const topic = await createTopic(kafka.direct);
      await using bus = await connect(kafka.direct);
      await using other = await connect(kafka.direct);
      const batches: string[] = [];
      const slow = async (batch: readonly { value: Uint8Array }[]) => {
        batches.push(...batch.map(({ value }) => Buffer.from(value).toString()));
        if (batches.length === 1) await new Promise((resolve) => setTimeout(resolve, 8_000));
      };
      await bus.subscribe({ topic, group: 'g', handler: slow });
      await bus.publish(topic, [message('a', '1')]);
      await eventually(() => expect(batches).toEqual(['1']));
      await bus.publish(topic, [message('a', '2')]);
      await eventually(() => expect(batches).toEqual(['1', '2']));
      // Stored: who comes later gets none of it.
      const { handler, seen } = counting();
      await other.subscribe({ topic, group: 'g', handler });
      await bus.publish(topic, [message('a', '3')]);
      await eventually(() => expect([...batches, ...seen.keys()]).toContain('3'));
      expect([...batches, ...seen.keys()]).toEqual(['1', '2', '3']);
    });

    it('sets no timer into the past and none for an idle connection', async () => {
      const topic = await createTopic(kafka.direct);
      const timers = vi.spyOn(globalThis, 'setTimeout');
      await using bus = await connect(kafka.direct);
      const { handler, seen } = counting();
      await bus.subscribe({ topic, group: 'g', handler });
      await bus.publish(topic, [message('a', '1')]);
      await eventually(() => expect(seen.has('1')).toBe(true));
      expect(timers.mock.calls.filter(([, ms]) => ms !== undefined && ms < 0)).toEqual([]);
      timers.mockRestore();
    });

    it('says how to get a topic that does not exist', async () => {
      const topic = await createTopic(kafka.direct);
      await using bus = await connect(kafka.direct);
      const missing = bus.subscribe({
        topic: { ...topic, name: 'missing' },
        group: 'g',
        handler: async () => undefined,
      });
      await expect(missing).rejects.toMatchObject({ code: 'topic_missing' });
    });
  });
}

/** Shows each consumer to the test before it is used. */
function stalling(inner: CreateClient, onConsumer: (consumer: Consumer) => void): CreateClient {
  return (options) => {
    const client = inner(options);
    const { kafka } = client;
    const consumer: typeof kafka.consumer = (config) => {
      const made = kafka.consumer(config);
      onConsumer(made);
      return made;
    };
    return { ...client, kafka: Object.assign(Object.create(kafka) as typeof kafka, { consumer }) };
  };
}
