import { describe, expect, it } from 'vitest';
import { createBatcher } from '../batcher.ts';
import { collect, eventually, manyKeys, message, newTopic, type StartHarness, text } from './fixture.ts';

export function describePublishing(start: StartHarness): void {
  describe('publishing', () => {
    it('keeps what it has taken: messages outlive the publisher and wait for a subscriber', async () => {
      await using harness = await start();
      const topic = newTopic();
      const publisher = await harness.connect();
      await publisher.publish(topic, [message('a', '1'), message('a', '2')]);
      await harness.crash(publisher);
      const seen = collect();
      await (await harness.connect()).subscribe({ topic, group: 'g', handler: seen.handler });
      await eventually(() => expect(seen.texts()).toEqual(['1', '2']));
    });

    it('carries keys, headers and values unchanged', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const sent = [
        {
          key: 'kéy "1"',
          value: Uint8Array.from({ length: 256 }, (_, i) => i),
          headers: { ce_type: 'a.b', x: '"é\\\n,{}' },
        },
        { key: 'kéy "1"', value: new Uint8Array(), headers: {} },
        { key: 'kéy "1"', value: new Uint8Array(300_000).fill(7), headers: { traceparent: '00-1-2-01' } },
      ];
      await bus.publish(topic, sent);
      const seen = collect();
      await bus.subscribe({ topic, group: 'g', handler: seen.handler });
      await eventually(() => expect(seen.messages).toHaveLength(3));
      const received = seen.messages.map(({ key, value, headers }) => ({ key, value: new Uint8Array(value), headers }));
      expect(received).toEqual(sent);
    });

    it('keeps the order of each key while many publish at once', async () => {
      await using harness = await start();
      const topic = newTopic();
      const buses = await Promise.all([harness.connect(), harness.connect(), harness.connect()]);
      const seen = collect();
      await buses[0].subscribe({ topic, group: 'g', handler: seen.handler });
      const keys = manyKeys.slice(0, 12);
      const publishInOrder = async (key: string, index: number) => {
        const bus = buses[index % buses.length]!;
        for (let i = 0; i < 30; i += 3) {
          await bus.publish(
            topic,
            [0, 1, 2].map((j) => message(key, String(i + j))),
          );
        }
      };
      await Promise.all(keys.map(publishInOrder));
      await eventually(() => expect(seen.messages).toHaveLength(keys.length * 30));
      for (const key of keys) {
        const own = seen.messages.filter((one) => one.key === key);
        expect(own.map(text)).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
        expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
      }
      for (const partition of new Set(seen.messages.map((one) => one.partition))) {
        const offsets = seen.messages.filter((one) => one.partition === partition).map(({ offset }) => offset);
        expect(offsets).toEqual(offsets.toSorted((a, b) => (a < b ? -1 : 1)));
        expect(new Set(offsets).size).toBe(offsets.length);
      }
    });

    it('delivers what a batcher has gathered from concurrent callers', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const seen = collect();
      await bus.subscribe({ topic, group: 'g', handler: seen.handler });
      {
        await using batcher = createBatcher(bus, topic);
        await Promise.all(manyKeys.map((key) => batcher.publish(message(key, key))));
      }
      await eventually(() => expect(seen.texts().toSorted()).toEqual(manyKeys.toSorted()));
    });

    it('says that it can take messages', async () => {
      await using harness = await start();
      await expect((await harness.connect()).check()).resolves.toBeUndefined();
    });
  });
}
