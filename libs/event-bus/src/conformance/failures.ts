import { deadLetterTopic } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { describe, expect, it } from 'vitest';
import type { EventBus, SubscribeOptions } from '../bus.ts';
import { readDeadLetter } from '../dead-letter.ts';
import { collect, eventually, message, newTopic, type StartHarness, text } from './fixture.ts';

/** Makes one batch of what is published: subscribes after it. */
async function withBatch(bus: EventBus, options: Omit<SubscribeOptions, 'group'>, values: readonly string[]) {
  await bus.publish(
    options.topic,
    values.map((value) => message('a', value)),
  );
  return bus.subscribe({ ...options, group: 'g' });
}

/** As node-postgres throws them. */
const postgresError = (code: string) => Object.assign(new Error('hidden'), { severity: 'ERROR', code });

const faultsOfOurs: [string, Error][] = [
  ['a constraint that is missing', postgresError('42P10')],
  ['a column that is missing', postgresError('42703')],
  ['a permission that is missing', postgresError('42501')],
  ['a row that a constraint refuses', postgresError('23514')],
  ['a full disk', postgresError('53100')],
  ['a database below Prisma', Object.assign(new Error('x'), { code: 'P2022' })],
  ['a service with a fault', new AppError('internal', 'internal', 'Internal error.')],
  ['a service that does not know us', new AppError('permission_denied', 'no_caller', 'No.')],
  ['no file handles left', Object.assign(new Error('x'), { code: 'EMFILE', errno: -24, syscall: 'open' })],
];

const faultsOfOneMessage: [string, Error, string][] = [
  ['a value that PostgreSQL refuses', postgresError('22P05'), 'data_refused'],
  ['one too large for an index', postgresError('54000'), 'data_refused'],
  ['one that a bug trips over', new TypeError('hidden'), 'handler_failed'],
];

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
          throw new AppError('invalid_argument', 'cannot_digest', 'This message cannot be processed.');
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
      expect(readDeadLetter(letters.messages[0]!)).toMatchObject({
        topic: topic.name,
        partition: Number(letters.messages[0]!.headers['dead-letter-partition']),
        offset: 1n,
        message: { key: 'a', value: Buffer.from('poison'), headers: {} },
        reason: { code: 'cannot_digest', message: 'This message cannot be processed.' },
      });
      expect(letters.messages[0]!.key).toBe('a');
      expect(letters.messages[0]!.headers).toMatchObject({
        'dead-letter-code': 'cannot_digest',
        'dead-letter-reason': 'This message cannot be processed.',
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

    it.each(faultsOfOurs)(
      'by a fault of ours (%s) loses nothing, goes on once it is repaired, and is no secret meanwhile',
      async (_, fault) => {
        await using harness = await start();
        const bus = await harness.connect();
        const topic = newTopic();
        const letters = collect();
        await bus.subscribe({ topic: deadLetterTopic(topic, 'g'), group: 'letters', handler: letters.handler });
        let isBroken = true;
        const done: string[] = [];
        const handler = async (batch: Parameters<SubscribeOptions['handler']>[0]) => {
          if (isBroken) throw fault;
          done.push(...batch.map(text));
        };
        const subscription = await withBatch(bus, { topic, handler, maxFailures: 1 }, ['1', '2', '3']);
        await eventually(() =>
          expect(subscription.check()).rejects.toMatchObject({ kind: 'unavailable', code: 'messages_held_up' }),
        );
        isBroken = false;
        await eventually(() => expect(done).toEqual(['1', '2', '3']));
        await eventually(() => subscription.check());
        expect(letters.messages).toEqual([]);
      },
    );

    it.each(faultsOfOneMessage)(
      'for one message of a batch (%s) loses none of its neighbours, and says nothing of what they hold',
      async (_, fault, code) => {
        await using harness = await start();
        const bus = await harness.connect();
        const topic = newTopic();
        const letters = collect();
        await bus.subscribe({ topic: deadLetterTopic(topic, 'g'), group: 'letters', handler: letters.handler });
        const done: string[] = [];
        const handler = async (batch: Parameters<SubscribeOptions['handler']>[0]) => {
          if (batch.some((one) => text(one) === 'poison')) throw fault;
          done.push(...batch.map(text));
        };
        await withBatch(bus, { topic, handler, maxFailures: 2 }, ['1', '2', 'poison', '3', '4']);
        await eventually(() => expect(letters.texts()).toEqual(['poison']));
        await eventually(() => expect(done).toEqual(['1', '2', '3', '4']));
        const { headers } = letters.messages[0]!;
        expect(headers['dead-letter-code']).toBe(code);
        expect(headers['dead-letter-reason']).not.toContain('hidden');
      },
    );
  });
}
