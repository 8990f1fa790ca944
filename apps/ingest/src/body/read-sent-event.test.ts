import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '@agent-platform/errors';
import { readSentEvent } from './read-sent-event.ts';

const MAX_KEYS = 10_000;

const read = (body: string | Buffer, header?: string) => readSentEvent(Buffer.from(body as string), header, MAX_KEYS);

function refusalOf(body: string | Buffer, header?: string): AppError {
  try {
    read(body, header);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  return expect.fail('was not refused');
}

const event = (fields: object) => JSON.stringify({ event_type: 'a', payload: {}, ...fields });

describe('readSentEvent', () => {
  it('reads every field, wherever it stands and whatever stands around', () => {
    const body = `{ "x": [1], "payload" : {"a": 1.0, "a":2 } , "occurred_at":"2026-11-23T08:30:00Z","event_id":"e-1","event_type":"invoice.uploaded"}`;
    const sent = read(body);
    expect(Buffer.from(sent.payload).toString()).toBe('{"a": 1.0, "a":2 }');
    expect(sent).toMatchObject({ eventType: 'invoice.uploaded', idempotencyKey: 'e-1' });
    expect(sent.occurredAt?.text).toBe('2026-11-23T08:30:00Z');
  });

  it('keeps the payload byte for byte', () => {
    const payloads = fc
      .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2, '\t'))
      .map(([value, space]) => JSON.stringify(value, null, space));
    const others = fc.array(fc.tuple(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(payloads, others, others, (payload, before, after) => {
        const member = ([key, value]: [string, unknown]) => `${JSON.stringify(`x${key}`)}:${JSON.stringify(value)}`;
        const members = [...before.map(member), '"event_type":"a"', `"payload":${payload}`, ...after.map(member)];
        const sent = read(`{${members.join(',')}}`);
        expect(Buffer.from(sent.payload).toString()).toBe(payload);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes the last of a key that comes several times, however it is spelled, as JSON.parse does', () => {
    const body = String.raw`{"payload":1,"event_type":"a","pa\u0079load":{"n":2},"event_type":"b"}`;
    const sent = read(body);
    expect(sent.eventType).toBe('b');
    expect(Buffer.from(sent.payload).toString()).toBe('{"n":2}');
    expect(refusalOf('{"event_type":"a","payload":{},"payload":1}').code).toBe('field_invalid');
  });

  it('is not confused by keys that objects have by nature', () => {
    const body = '{"__proto__":{"event_type":"x"},"constructor":1,"toString":2,"event_type":"a","payload":{}}';
    expect(read(body).eventType).toBe('a');
  });

  it.each([
    ['', 'invalid_json', 'empty'],
    ['\ufeff{}', 'invalid_json', 'byte order mark'],
    [Buffer.from('{"a":"\xff"}', 'latin1'), 'invalid_json', 'UTF-8'],
    [Buffer.from('{"event_type":"a"}', 'utf16le'), 'invalid_json', 'at byte 1'],
    ['{"event_type":', 'invalid_json', 'ends too early'],
    ["{'a':1}", 'invalid_json', 'at byte 1'],
    ['[]', 'not_an_object', 'object'],
    ['null', 'not_an_object', 'object'],
    ['"event_type"', 'not_an_object', 'object'],
    [`{"payload":${'['.repeat(64)}${']'.repeat(64)}}`, 'too_deep', '64'],
    [`{"payload":{${'"k":1,'.repeat(10_000)}"k":1}}`, 'too_many_keys', '10000'],
    [
      '{}',
      'field_missing',
      'event_type is required: a string of 1-255 characters of A-Z a-z 0-9 . _ : / [ ] ( ) @ + = ~ -',
    ],
    [event({ payload: undefined }), 'field_missing', 'payload is required: a JSON object'],
    [event({ payload: [] }), 'field_invalid', 'payload must be a JSON object'],
    [event({ payload: null }), 'field_invalid', 'payload must be a JSON object'],
    [event({ payload: '{}' }), 'field_invalid', 'payload must be a JSON object'],
    [event({ event_type: 1 }), 'field_invalid', 'event_type must be a string'],
    [event({ event_type: '' }), 'field_invalid', 'event_type must be a string'],
    [event({ event_type: 'a b' }), 'field_invalid', 'event_type must be a string'],
    [event({ event_type: 'a\n' }), 'field_invalid', 'event_type must be a string'],
    [event({ event_type: 'a'.repeat(256) }), 'field_invalid', 'event_type must be a string'],
    [event({ event_id: 7 }), 'field_invalid', 'event_id must be a string'],
    [event({ event_type: null }), 'field_missing', 'event_type is required'],
    [event({ event_id: '\u200b' }), 'field_invalid', 'event_id must be a string'],
    [event({ event_id: false }), 'field_invalid', 'event_id must be a string'],
    [event({ occurred_at: {} }), 'field_invalid', 'occurred_at must be an RFC 3339'],
    [event({ event_id: '' }), 'field_invalid', 'event_id must be a string'],
    [event({ event_id: 'a\0' }), 'field_invalid', 'event_id must be a string'],
    [event({ event_id: 'a'.repeat(256) }), 'field_invalid', 'event_id must be a string'],
    [String.raw`{"event_type":"a","payload":{},"event_id":"\ud800"}`, 'field_invalid', 'event_id must be a string'],
    [event({ occurred_at: 'yesterday' }), 'field_invalid', 'occurred_at must be an RFC 3339 date and time'],
    [event({ occurred_at: 1_700_000_000 }), 'field_invalid', 'occurred_at must be an RFC 3339 date and time'],
  ])('refuses %j as %s and says why', (body, code, message) => {
    const refusal = refusalOf(body);
    expect(refusal.kind).toBe('invalid_argument');
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(message);
  });

  it('names every field in error at once', () => {
    const refusal = refusalOf('{"event_type":"a b","event_id":1,"occurred_at":false}', '');
    expect(refusal.code).toBe('field_missing');
    expect(refusal.fields.map(({ field }) => field)).toEqual([
      'event_type',
      'payload',
      'event_id',
      'Idempotency-Key',
      'occurred_at',
    ]);
    for (const { description } of refusal.fields) expect(refusal.message).toContain(description);
  });

  it.each([
    'invoice.uploaded',
    'A-Z_0.9',
    'repo:push',
    'orders/create',
    'v2.core.account[requirements].updated',
    'a(b)@c+d=e~f',
    'a'.repeat(255),
  ])('takes the event type %s', (eventType) => {
    expect(read(event({ event_type: eventType })).eventType).toBe(eventType);
  });

  it('takes printable keys of any script', () => {
    for (const key of ['a b', 'заказ-1', '注文 😀', '👩\u200d🚀', 'می\u200cخواهم', 'a'.repeat(255), '"quoted"']) {
      expect(read(event({ event_id: key })).idempotencyKey).toBe(key);
    }
  });

  it('takes null for what is not there, as many serializers write it', () => {
    const sent = read(event({ event_id: null, occurred_at: null }));
    expect(sent).toMatchObject({ idempotencyKey: undefined, occurredAt: undefined });
    expect(read(event({ event_id: null }), 'header').idempotencyKey).toBe('header');
    expect(read('{"event_type":"a","payload":{},"event_id":"e-1","event_id":null}').idempotencyKey).toBeUndefined();
  });

  it('takes 64 levels and 10,000 keys', () => {
    const deep = `{"event_type":"a","payload":{"a":${'['.repeat(62)}${']'.repeat(62)}}}`;
    expect(read(deep).eventType).toBe('a');
    const wide = `{"event_type":"a","payload":{${'"k":1,'.repeat(9_997)}"k":1}}`;
    expect(read(wide).eventType).toBe('a');
  });

  describe('Idempotency-Key', () => {
    const keyOf = (header: string) => read(event({ event_id: 'body' }), header).idempotencyKey;

    it('wins over the event_id of the body', () => {
      expect(keyOf('header')).toBe('header');
    });

    it('is the same key with and without the quotes of the RFC draft', () => {
      expect(keyOf('"8e03978e-40d5"')).toBe('8e03978e-40d5');
      expect(keyOf(String.raw`"a\"b\\c"`)).toBe('a"b\\c');
      expect(keyOf('"half')).toBe('"half');
    });

    it.each(['', '""', 'a'.repeat(256), 'caf\u00e9', 'a\tb'])('refuses %j', (header) => {
      const refusal = refusalOf(event({}), header);
      expect(refusal.code).toBe('field_invalid');
      expect(refusal.fields[0]?.field).toBe('Idempotency-Key');
    });
  });
});
