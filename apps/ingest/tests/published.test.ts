import fc from 'fast-check';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { event, startIngest } from './fixtures.ts';

const ingest = await startIngest();
afterAll(() => ingest[Symbol.asyncDispose]());
beforeEach(() => {
  ingest.bus.messages.length = 0;
});

const TRACEPARENT = /^00-[\da-f]{32}-[\da-f]{16}-01$/;

describe('what is published', () => {
  it('is the whole event, keyed by its source', async () => {
    const body = '{"event_type":"invoice.uploaded","payload":{ "n": 1.0 },"occurred_at":"2026-11-23T09:30:00.5+01:00"}';
    await ingest.send(body);
    const [message] = ingest.bus.messages;
    const [published] = ingest.bus.events();
    expect(message?.key).toBe(published?.sourceId);
    expect(published).toMatchObject({
      orgId: 'org_a',
      sourceId: 'src_00000000000000000000000000',
      eventType: 'invoice.uploaded',
      idempotencyKey: '',
    });
    expect(Buffer.from(published!.payload).toString()).toBe('{ "n": 1.0 }');
    expect(published?.eventId).toMatch(/^evt_/);
    expect(published?.deliveryId).toMatch(/^dlv_/);
    expect(timestampMs(published!.receivedAt!)).toBe(ingest.clock.nowMs);
    expect(timestampMs(published!.occurredAt!)).toBe(Date.parse('2026-11-23T08:30:00.500Z'));
  });

  it('carries the CloudEvents attributes of the Kafka binding and a trace', async () => {
    await ingest.send(event({ occurred_at: '2026-11-23T09:30:00+01:00' }));
    await ingest.send(event({ payload: {} }));
    const [first, second] = ingest.bus.messages;
    expect(first?.headers).toEqual({
      'content-type': 'application/protobuf',
      ce_specversion: '1.0',
      ce_id: ingest.bus.events()[0]?.eventId,
      ce_source: '/webhook-sources/src_00000000000000000000000000',
      ce_type: 'invoice.uploaded',
      ce_time: '2026-11-23T09:30:00+01:00',
      traceparent: expect.stringMatching(TRACEPARENT) as string,
    });
    expect(second?.headers.ce_time).toBe(new Date(ingest.clock.nowMs).toISOString());
  });

  it('continues the trace of the sender, and starts one where the header is not valid', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await ingest.send(event(), { traceparent });
    await ingest.send(event(), { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` });
    await ingest.send(event(), { traceparent: `${traceparent}, ${traceparent}` });
    const [continued, ...started] = ingest.bus.messages.map(({ headers }) => headers.traceparent);
    expect(continued).toBe(traceparent);
    for (const own of started) expect(own).toMatch(TRACEPARENT);
    expect(new Set(started).size).toBe(2);
  });

  it('has the payload byte for byte', async () => {
    const payloads = fc
      .tuple(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'))
      .map(([value, space]) => JSON.stringify(value, null, space));
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        ingest.bus.messages.length = 0;
        const answer = await ingest.send(`{"payload":${payload},"event_type":"a"}`);
        expect(answer.statusCode).toBe(202);
        expect(Buffer.from(ingest.bus.events()[0]!.payload).toString()).toBe(payload);
      }),
      { numRuns: 1_000 },
    );
  });

  it('has numbers and escapes that no JSON library would write again the same way', async () => {
    const payload = '{"n":12345678901234567890.10,"e":1E400,"s":"\\u00e9\\ud800\\/","d":1,"d":2}';
    expect((await ingest.send(`{"payload":${payload},"event_type":"a"}`)).statusCode).toBe(202);
    expect(Buffer.from(ingest.bus.events()[0]!.payload).toString()).toBe(payload);
  });
});
