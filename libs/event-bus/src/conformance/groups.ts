import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../bus.ts';
import {
  collect,
  eventually,
  manyKeys,
  message,
  newTopic,
  PARTITIONS,
  type StartHarness,
  text,
  untilAborted,
} from './fixture.ts';

const partitionsOf = (messages: readonly ReceivedMessage[]) => new Set(messages.map(({ partition }) => partition));

export function describeGroups(start: StartHarness): void {
  describe('consumer groups', () => {
    it('each see every message', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const groups = [collect(), collect()];
      for (const [i, { handler }] of groups.entries()) await bus.subscribe({ topic, group: `g${i}`, handler });
      await bus.publish(
        topic,
        manyKeys.map((key) => message(key, key)),
      );
      for (const group of groups) {
        await eventually(() => expect(group.texts().toSorted()).toEqual(manyKeys.toSorted()));
      }
    });

    it('share the partitions among their members, and the rest takes over when one leaves', async () => {
      await using harness = await start();
      const topic = newTopic();
      const [first, second] = [collect(), collect()];
      const bus = await harness.connect();
      await bus.subscribe({ topic, group: 'g', handler: first.handler });
      const leaving = await (await harness.connect()).subscribe({ topic, group: 'g', handler: second.handler });
      // Until the members have agreed, one of them has all partitions.
      await eventually(async () => {
        first.messages.length = second.messages.length = 0;
        await bus.publish(
          topic,
          manyKeys.map((key) => message(key, key)),
        );
        await eventually(() => expect(first.messages.length + second.messages.length).toBe(manyKeys.length));
        expect(partitionsOf(first.messages).size).toBe(PARTITIONS / 2);
        expect(partitionsOf(second.messages).size).toBe(PARTITIONS / 2);
      });
      await leaving[Symbol.asyncDispose]();
      first.messages.length = second.messages.length = 0;
      await bus.publish(
        topic,
        manyKeys.map((key) => message(key, key)),
      );
      await eventually(() => expect(first.texts().toSorted()).toEqual(manyKeys.toSorted()));
      expect(second.messages).toEqual([]);
    });

    it('lose nothing when a member dies in the middle of a batch', async () => {
      await using harness = await start();
      const topic = newTopic();
      const dying = await harness.connect();
      const taken: ReceivedMessage[] = [];
      await dying.subscribe({
        topic,
        group: 'g',
        handler: async (batch, signal) => {
          taken.push(...batch);
          await untilAborted(signal);
        },
      });
      const bus = await harness.connect();
      await bus.publish(
        topic,
        manyKeys.map((key) => message(key, key)),
      );
      await eventually(() => expect(partitionsOf(taken).size).toBe(PARTITIONS));
      await harness.crash(dying);
      const heir = collect();
      await bus.subscribe({ topic, group: 'g', handler: heir.handler });
      await eventually(() => expect(heir.texts().toSorted()).toEqual(manyKeys.toSorted()));
    });

    it('let the running handler finish when a subscription is disposed, and do not deliver its batch again', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const finish = Promise.withResolvers<void>();
      let told: AbortSignal | undefined;
      const subscription = await bus.subscribe({
        topic,
        group: 'g',
        handler: (_, signal) => {
          told = signal;
          return finish.promise;
        },
      });
      await bus.publish(topic, [message('a', '1')]);
      await eventually(() => expect(told).toBeDefined());

      let disposed = false;
      const disposing = Promise.resolve(subscription[Symbol.asyncDispose]()).then(() => (disposed = true));
      await eventually(() => expect(told!.aborted).toBe(true));
      expect(disposed).toBe(false);
      finish.resolve();
      await disposing;

      const next = collect();
      await bus.subscribe({ topic, group: 'g', handler: next.handler });
      await bus.publish(topic, [message('a', '2')]);
      await eventually(() => expect(next.texts()).toEqual(['2']));
    });

    it('are not held up in other partitions by a handler that does not end', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const seen: ReceivedMessage[] = [];
      await bus.subscribe({
        topic,
        group: 'g',
        handler: async (batch, signal) => {
          seen.push(...batch);
          if (batch.some((one) => text(one) === 'stuck')) await untilAborted(signal);
        },
      });
      await bus.publish(topic, [message(manyKeys[0]!, 'stuck')]);
      await eventually(() => expect(seen).toHaveLength(1));
      await bus.publish(
        topic,
        manyKeys.slice(1).map((key) => message(key, key)),
      );
      await eventually(() => expect(partitionsOf(seen).size).toBe(PARTITIONS));
      expect(seen.filter(({ partition }) => partition === seen[0]!.partition).map(text)).toEqual(['stuck']);
    });
  });
}
