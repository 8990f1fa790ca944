import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { createKafkaBus, type EventBus } from '../src/index.ts';
import { eventually, message } from '../src/conformance/fixture.ts';
import { clientFactory, type CreateClient } from '../src/kafka/client.ts';
import { logger } from './kafka.ts';
import { counting, createTopic, type FaultyKafka, isProduce, startFaultyKafka, untilAccepted } from './kafka-faults.ts';

const found = await startFaultyKafka();

if ('reason' in found) describe.skip(`publishing to a Kafka that fails: ${found.reason}`);
else describePublishing(found);

function describePublishing(kafka: FaultyKafka): void {
  afterAll(() => kafka[Symbol.asyncDispose]());
  afterEach(() => {
    kafka.onData = undefined;
  });

  const connect = (createClient?: CreateClient): Promise<EventBus> => {
    const options = { brokers: kafka.proxied, clientId: 'test', logger };
    return createKafkaBus(options, createClient && { createClient });
  };
  const unavailable = expect.objectContaining({ kind: 'unavailable', code: 'bus_unavailable' }) as unknown;

  /** Loses the connection after the broker has stored a message and before its acknowledgement arrives. */
  function cutAfterAppend(every: number): { cuts: number } {
    const producing = new WeakSet<object>();
    const state = { cuts: 0 };
    let answers = 0;
    kafka.onData = (connection, direction, chunk) => {
      if (direction === 'toServer' && isProduce(chunk)) producing.add(connection);
      if (direction === 'toServer' || !producing.has(connection) || ++answers % every !== 0) return;
      state.cuts++;
      connection.cutAfter('toClient', 0);
    };
    return state;
  }

  /** Publishes 1,000 messages, 32 at a time, each until it is acknowledged. Returns how often each arrived. */
  async function publishThroughCuts(bus: EventBus): Promise<{ seen: Map<string, number>; cuts: number }> {
    const topic = await createTopic(kafka.direct);
    const faults = cutAfterAppend(10);
    let next = 0;
    const publishOneByOne = async () => {
      for (let i = next++; i < 1_000; i = next++) {
        await untilAccepted(() => bus.publish(topic, [message('key', String(i))]));
      }
    };
    await Promise.all(Array.from({ length: 32 }, publishOneByOne));
    kafka.onData = undefined;
    const { handler, seen } = counting();
    await bus.publish(topic, [message('key', 'end')]);
    await bus.subscribe({ topic, group: 'g', handler });
    await eventually(() => expect(seen.has('end')).toBe(true));
    return { seen, cuts: faults.cuts };
  }

  const numbers = Array.from({ length: 1_000 }, (_, i) => String(i));

  describe('publishing to a Kafka that fails', () => {
    it('loses nothing it acknowledged when connections die between storing and acknowledging', async () => {
      await using bus = await connect();
      const { seen, cuts } = await publishThroughCuts(bus);
      expect(cuts).toBeGreaterThan(5);
      expect(numbers.filter((number) => !seen.has(number))).toEqual([]);
    });

    it('would lose acknowledged messages with an idempotent producer: the test above can fail', async () => {
      const inner = clientFactory({ brokers: kafka.proxied, clientId: 'test', logger });
      await using bus = await connect((options) => {
        const client = inner(options);
        const { kafka } = client;
        const producer: typeof kafka.producer = (config) => kafka.producer({ ...config, idempotent: true });
        return { ...client, kafka: Object.assign(Object.create(kafka) as typeof kafka, { producer }) };
      });
      const { seen } = await publishThroughCuts(bus);
      expect(numbers.filter((number) => !seen.has(number))).not.toEqual([]);
    });

    it(
      'answers within its deadline when the broker falls silent, and goes on over new connections',
      { timeout: 15_000 },
      async () => {
        const topic = await createTopic(kafka.direct);
        await using bus = await connect();
        await bus.publish(topic, [message('a', '1')]);
        for (const connection of kafka.proxy.connections) connection.blackHole('toServer');
        await expect(bus.publish(topic, [message('a', '2')])).rejects.toEqual(unavailable);
        await eventually(() => bus.publish(topic, [message('a', '3')]));
      },
    );

    it('is refused while the broker is away and works again when it is back', { timeout: 60_000 }, async () => {
      const topic = await createTopic(kafka.direct);
      await using bus = await connect();
      const { handler, seen } = counting();
      await bus.subscribe({ topic, group: 'g', handler });
      await bus.publish(topic, [message('a', 'before')]);
      await kafka.control.stop();
      await expect(bus.publish(topic, [message('a', 'lost?')])).rejects.toEqual(unavailable);
      // At once now: nothing piles up behind a broker that is not there.
      await Promise.all(
        numbers.map((number) => expect(bus.publish(topic, [message('a', number)])).rejects.toEqual(unavailable)),
      );
      await expect(bus.check()).rejects.toEqual(unavailable);
      await kafka.control.start();
      await eventually(() => bus.publish(topic, [message('a', 'after')]));
      await eventually(() => expect([...seen.keys()]).toEqual(expect.arrayContaining(['before', 'after'])));
      await bus.check();
    });

    it('has been answered, one way or the other, when the bus is disposed', async () => {
      const topic = await createTopic(kafka.direct);
      const bus = await connect();
      const { cuts } = cutAfterAppend(1);
      expect(cuts).toBe(0);
      let answered = false;
      const publishing = bus
        .publish(topic, [message('a', '1')])
        .catch(() => undefined)
        .finally(() => (answered = true));
      await vi.waitFor(() => expect(kafka.proxy.connections.size).toBeGreaterThan(0));
      await bus[Symbol.asyncDispose]();
      expect(answered).toBe(true);
      await publishing;
    });

    it('says how to get a topic that does not exist, and stays usable', async () => {
      const topic = await createTopic(kafka.direct);
      await using bus = await connect();
      const missing = bus.publish({ ...topic, name: 'missing' }, [message('a', '1')]);
      await expect(missing).rejects.toThrow('npm run topics');
      await bus.publish(topic, [message('a', '2')]);
    });

    it('takes more in one call than fits into one batch of Kafka', async () => {
      const topic = await createTopic(kafka.direct);
      await using bus = await connect();
      const large = Array.from({ length: 8 }, (_, i) => ({ ...message('a', ''), value: Buffer.alloc(1_000_000, i) }));
      await bus.publish(topic, large);
      const sizes: number[] = [];
      await bus.subscribe({
        topic,
        group: 'g',
        handler: async (batch) => void sizes.push(...batch.map(({ value }) => value[0]!)),
      });
      await eventually(() => expect(sizes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]));
    });
  });
}
