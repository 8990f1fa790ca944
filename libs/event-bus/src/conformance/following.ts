import type { Topic } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import type { EventBus } from '../bus.ts';
import { collect, eventually, message, newTopic, type StartHarness, text } from './fixture.ts';

/** A follower that remembers what it saw, once it has begun. */
async function follow(bus: EventBus, topic: Topic) {
  const seen: string[] = [];
  let gaps = 0;
  const subscription = bus.follow({ topic, onMessage: (one) => seen.push(text(one)), onGap: () => gaps++ });
  await eventually(() => expect(gaps).toBe(1));
  return { seen, gaps: () => gaps, subscription };
}

export function describeFollowing(start: StartHarness): void {
  describe('followers', () => {
    it('each see every message, in order, beside the groups', async () => {
      await using harness = await start();
      const topic = { ...newTopic(), partitions: 1 };
      const publisher = await harness.connect();
      const group = collect();
      await publisher.subscribe({ topic, group: 'g', handler: group.handler });
      const followers = [await follow(publisher, topic), await follow(await harness.connect(), topic)];
      followers.push(await follow(await harness.connect(), topic));
      const values = Array.from({ length: 30 }, (_, i) => String(i));
      for (const value of values) await publisher.publish(topic, [message(`key-${value}`, value)]);
      for (const { seen } of followers) await eventually(() => expect(seen).toEqual(values));
      await eventually(() => expect(group.texts()).toEqual(values));
      for (const { gaps } of followers) expect(gaps()).toBe(1);
    });

    it('see nothing from before they began, and everything after', async () => {
      await using harness = await start();
      const topic = newTopic();
      const publisher = await harness.connect();
      for (const key of ['a', 'b', 'c', 'd']) await publisher.publish(topic, [message(key, 'before')]);
      const { seen } = await follow(await harness.connect(), topic);
      // At once: what is published while it is still on its way into the log counts as after.
      for (const key of ['a', 'b', 'c', 'd']) await publisher.publish(topic, [message(key, `after ${key}`)]);
      await eventually(() => expect(seen.toSorted()).toEqual(['after a', 'after b', 'after c', 'after d']));
    });

    it('can begin before the topic is there', async () => {
      await using harness = await start();
      const topic = newTopic();
      const following = follow(await harness.connect(), topic);
      const { seen } = await following;
      await (await harness.connect()).publish(topic, [message('a', '1')]);
      await eventually(() => expect(seen).toEqual(['1']));
    });

    it('go on after a message they cannot read', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const seen: string[] = [];
      let gaps = 0;
      const onMessage = (one: Parameters<typeof text>[0]) => {
        if (text(one) === 'bad') throw new Error('cannot be read');
        seen.push(text(one));
      };
      bus.follow({ topic, onMessage, onGap: () => gaps++ });
      await eventually(() => expect(gaps).toBe(1));
      await bus.publish(topic, [message('a', '1'), message('a', 'bad'), message('a', '2')]);
      await eventually(() => expect(seen).toEqual(['1', '2']));
      // What the message had to say was missed.
      expect(gaps).toBe(2);
    });

    it('see nothing more once they have stopped', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const [stopped, going] = [await follow(bus, topic), await follow(bus, topic)];
      await bus.publish(topic, [message('a', '1')]);
      await eventually(() => expect([stopped.seen, going.seen]).toEqual([['1'], ['1']]));
      await stopped.subscription[Symbol.asyncDispose]();
      await bus.publish(topic, [message('a', '2')]);
      await eventually(() => expect(going.seen).toEqual(['1', '2']));
      expect(stopped.seen).toEqual(['1']);
    });
  });
}
