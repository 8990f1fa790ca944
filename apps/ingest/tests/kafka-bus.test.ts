import { fromBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { ensureTopics, everyTopic, openBus } from '@agent-platform/event-bus';
import { topics, WebhookEventSchema } from '@agent-platform/proto';
import { sharedKafka } from '@agent-platform/testing';
import { CONFIG, recordingLogger, startIngest } from './fixtures.ts';

const MIB = 1024 * 1024;
const kafka = await sharedKafka();
const title = 'a body of the greatest size ingest takes is stored and delivered';

if (kafka.kind === 'none') it.skip(`${title}: ${kafka.reason}`, () => undefined);
else {
  const { brokers } = kafka;
  it.each([
    ['by default', CONFIG.maxBodyBytes],
    ['at the most', 25 * MIB],
  ])(`${title}, %s`, async (_, maxBodyBytes) => {
    const { logger } = recordingLogger();
    const namespace = `test-${crypto.randomUUID()}`;
    await ensureTopics({ brokers, topics: everyTopic(namespace), logger });
    await using bus = await openBus({ url: `kafka://${brokers.join(',')}/${namespace}`, clientId: 'test', logger });
    await using ingest = await startIngest({ ...CONFIG, maxBodyBytes }, { bus });
    const body = (text: string) => `{"event_type":"scan.stored","payload":{"text":"${text}"}}`;
    const text = 'x'.repeat(maxBodyBytes - body('').length);
    // As a sender does: a broker that is busy with others may take longer than an answer may.
    await expect.poll(async () => (await ingest.send(body(text))).statusCode, { timeout: 60_000 }).toBe(202);

    const received = Promise.withResolvers<Uint8Array>();
    await using subscription = await bus.subscribe({
      topic: topics.webhookEvents,
      group: 'test',
      handler: async ([message]) => received.resolve(message!.value),
    });
    const { payload } = fromBinary(WebhookEventSchema, await received.promise);
    expect(subscription).toBeDefined();
    expect(Buffer.from(payload).toString() === `{"text":"${text}"}`).toBe(true);
  });
}
