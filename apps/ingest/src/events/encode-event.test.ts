import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WebhookEventSchema } from '@agent-platform/proto';
import { encodeEvent, type EventFields } from './encode-event.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 255 }), fc.string({ minLength: 128 }));
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });

const fields: fc.Arbitrary<EventFields> = fc.record({
  eventId: text,
  orgId: text,
  sourceId: text,
  eventType: text,
  payload: fc.oneof(bytes, fc.constant(Buffer.alloc(70_000, '{'))),
  occurredAt: fc.option(
    fc.record({
      seconds: fc.oneof(fc.constant(0n), fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n })),
      nanos: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
    }),
    { nil: undefined },
  ),
  receivedAtMs: fc.integer({ min: 1_000, max: 253_402_300_799_999 }),
  deliveryId: text,
  idempotencyKey: text,
  contentHash: fc.option(bytes, { nil: undefined }),
});

it('writes every event as the generic encoder of the schema does', () => {
  fc.assert(
    fc.property(fields, ({ receivedAtMs, occurredAt, contentHash, ...rest }) => {
      const event = create(WebhookEventSchema, {
        ...rest,
        receivedAt: timestampFromMs(receivedAtMs),
        ...(occurredAt && { occurredAt }),
        ...(contentHash && { contentHash }),
      });
      const written = encodeEvent({ receivedAtMs, occurredAt, contentHash, ...rest });
      expect(Buffer.compare(written, toBinary(WebhookEventSchema, event))).toBe(0);
    }),
  );
});

it('knows every field of the schema', () => {
  expect(WebhookEventSchema.fields.map(({ number, localName }) => [number, localName])).toEqual([
    [1, 'eventId'],
    [2, 'orgId'],
    [3, 'sourceId'],
    [4, 'eventType'],
    [5, 'payload'],
    [6, 'occurredAt'],
    [7, 'receivedAt'],
    [8, 'deliveryId'],
    [9, 'idempotencyKey'],
    [10, 'contentHash'],
  ]);
});
