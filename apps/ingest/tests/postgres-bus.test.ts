import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, expect, it } from 'vitest';
import { openBus, type ReceivedMessage } from '@agent-platform/event-bus';
import { topics, WebhookEventSchema } from '@agent-platform/proto';
import { createTestDatabase } from '@agent-platform/testing';
import { event, recordingLogger, startIngest } from './fixtures.ts';

const database = await createTestDatabase();
const { logger } = recordingLogger();
const bus = await openBus({ url: database.url, clientId: 'test', logger });
afterAll(async () => {
  await bus[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

it('what was answered with 202 is on the bus, in the order of the answers', async () => {
  await using ingest = await startIngest({}, { bus });
  const accepted: string[] = [];
  for (let i = 0; i < 20; i++) {
    const answer = await ingest.send(event({ payload: { i } }));
    expect(answer.statusCode).toBe(202);
    accepted.push(answer.json<{ event_id: string }>().event_id);
  }
  const atOnce = await Promise.all(Array.from({ length: 200 }, (_, i) => ingest.send(event({ event_id: `k-${i}` }))));
  const ids = atOnce.map((answer) => answer.json<{ event_id: string }>().event_id);

  const received: ReceivedMessage[] = [];
  const all = Promise.withResolvers<void>();
  await using subscription = await bus.subscribe({
    topic: topics.webhookEvents,
    group: 'test',
    async handler(batch) {
      received.push(...batch);
      if (received.length === 220) all.resolve();
    },
  });
  await all.promise;
  expect(subscription).toBeDefined();
  const events = received.map(({ value }) => fromBinary(WebhookEventSchema, value));
  expect(events.slice(0, 20).map(({ eventId }) => eventId)).toEqual(accepted);
  expect(
    events
      .slice(20)
      .map(({ eventId }) => eventId)
      .toSorted(),
  ).toEqual(ids.toSorted());
  expect(Buffer.from(events[0]!.payload).toString()).toBe('{"i":0}');
  expect(received[0]?.headers).toMatchObject({ ce_id: accepted[0], ce_type: 'invoice.uploaded' });
  expect(ingest.lines).toEqual([]);
});
