import { deadLetterTopic } from '@agent-platform/proto';
import { AppError } from '@agent-platform/service';
import { describe, expect, it } from 'vitest';
import type { EventBus, SubscribeOptions } from '../bus.ts';
import { collect, eventually, message, newTopic, type StartHarness, text } from './fixture.ts';

/** Makes one batch of what is published: subscribes after it. */
async function withBatch(bus: EventBus, options: Omit<SubscribeOptions, 'group'>, values: readonly string[]) {
  await bus.publish(
    options.topic,
    values.map((value) => message('a', value)),
  );
  await bus.subscribe({ ...options, group: 'g' });
}

export function describeFailures(start: StartHarness): void {
  describe('a handler that fails', () => {
    it('gets the batch again, and later messages of the partition only after it', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const calls: string[][] = [];
      const handler = async (batch: Parameters<SubscribeOptions['handler']>[0]) => {
        calls.push(batch.map(text));
        if (calls.length === 1) throw new Error('the first time');
      };
      await withBatch(bus, { topic: newTopic(), handler, maxBatch: 2 }, ['1', '2', '3']);
      await eventually(() => expect(calls).toEqual([['1', '2'], ['1', '2'], ['3']]));
    });

    it('loses only the message it cannot process, to the dead-letter topic, with the reason', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const done: string[] = [];
      let attempts = 0;
      const handler = async (batch: Parameters<SubscribeOptions['handler']>[0]) => {
        if (batch.some((one) => text(one) === 'poison')) {
          if (batch.length === 1) attempts++;
          throw new AppError('internal', 'cannot_digest', 'This message cannot be processed.');
        }
        done.push(...batch.map(text));
      };
      const letters = collect();
      await bus.subscribe({ topic: deadLetterTopic(topic, 'g'), group: 'letters', handler: letters.handler });
      await withBatch(bus, { topic, handler, maxFailures: 3 }, ['1', 'poison', '2']);
      await eventually(() => expect(letters.texts()).toEqual(['poison']));
      await bus.publish(topic, [message('a', '3')]);
      await eventually(() => expect(done).toEqual(['1', '2', '3']));

      expect(attempts).toBe(3);
      expect(letters.messages[0]!.key).toBe('a');
      expect(letters.messages[0]!.headers).toMatchObject({
        'dead-letter-reason': 'cannot_digest: This message cannot be processed.',
        'dead-letter-failures': '3',
        'dead-letter-topic': topic.name,
        'dead-letter-group': 'g',
        'dead-letter-key': 'a',
        'dead-letter-partition': expect.stringMatching(/^\d+$/) as string,
        'dead-letter-offset': '1',
      });
    });

    it('because the outside world is down loses nothing, however often it fails', async () => {
      await using harness = await start();
      const bus = await harness.connect();
      const topic = newTopic();
      const letters = collect();
      await bus.subscribe({ topic: deadLetterTopic(topic, 'g'), group: 'letters', handler: letters.handler });
      const failures = [
        new AppError('unavailable', 'database_unavailable', 'Down.'),
        Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
        new AppError('unavailable', 'database_unavailable', 'Down.'),
      ];
      const done: string[] = [];
      const handler = async (batch: Parameters<SubscribeOptions['handler']>[0]) => {
        const failure = failures.shift();
        if (failure) throw failure;
        done.push(...batch.map(text));
      };
      await withBatch(bus, { topic, handler, maxFailures: 1 }, ['1']);
      await eventually(() => expect(done).toEqual(['1']));
      expect(letters.messages).toEqual([]);
    });
  });
}
