import fc from 'fast-check';
import { expect, it } from 'vitest';
import { event, startIngest } from './fixtures.ts';

const MAX_BODY_BYTES = 20_000;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether a body is fine, as simply as that can be said. Depth and number of keys are left out: `deep` is all refused. */
function isEvent(bytes: Buffer): boolean {
  try {
    const body = JSON.parse(decoder.decode(bytes)) as Record<string, unknown> | null;
    const { event_type: type, payload, event_id: id, occurred_at: at } = body ?? {};
    const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
    const isType = typeof type === 'string' && /^[\w.:/[\]()@+=~-]{1,255}$/.test(type);
    return bytes.length <= MAX_BODY_BYTES && isObject && isType && (id ?? at ?? null) === null;
  } catch {
    return false;
  }
}

const valid = fc
  .record({ event_type: fc.constant('invoice.uploaded'), payload: fc.dictionary(fc.string(), fc.jsonValue()) })
  .map((body) => Buffer.from(JSON.stringify(body)));

const bytesChanged = fc
  .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }))
  .map(([bytes, changes]) => {
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return bytes;
  });

const truncated = fc.tuple(valid, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % bytes.length));

const twice = fc
  .tuple(valid, fc.constantFrom('', ' ', ',', '\0', '\n'))
  .map(([b, glue]) => Buffer.concat([b, Buffer.from(glue), b]));

const wrongTypes = fc
  .record(
    {
      event_type: fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.constant('a'.repeat(300))),
      payload: fc.oneof(fc.array(fc.jsonValue()), fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
      event_id: fc.oneof(fc.jsonValue(), fc.constantFrom('', 'a'.repeat(256), '\0', '\u200b', '\ud800')),
      occurred_at: fc.oneof(fc.jsonValue(), fc.date({ noInvalidDate: true }).map(String)),
    },
    { requiredKeys: [] },
  )
  .map((body) => Buffer.from(JSON.stringify(body)));

const deep = fc
  .tuple(
    fc.integer({ min: 65, max: 4_000 }),
    fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[{"a":', '}]']),
    fc.boolean(),
  )
  .map(([depth, [open, close], isClosed]) => {
    const value = open.repeat(depth) + (isClosed ? `1${close.repeat(depth)}` : '');
    return Buffer.from(`{"event_type":"a","payload":{"a":${value}}}`);
  });

const numbers = fc
  .tuple(fc.constantFrom('1e', '-', '0x', '00', '1.', '.1', '+1', '1_0', '1e+', '--1', 'NaN', '-Infinity'), fc.nat())
  .map(([start, n]) => Buffer.from(`{"event_type":"a","payload":{"n":${start}${String(n).repeat(3)}z}}`));

const hugeNumbers = fc
  .integer({ min: 1, max: 9_000 })
  .map((n) => Buffer.from(`{"event_type":${'9'.repeat(n)}e${'9'.repeat(n)},"payload":-1${'0'.repeat(n)}}`));

const strings = fc
  .constantFrom(
    '\ud800',
    '\udfff\ud800',
    '\0',
    '\u0001',
    '\u2028\u0000',
    '\\ud800',
    '\\u',
    '\\u12',
    '\\x41',
    '\\',
    '\x7f\n',
  )
  .map((text) => Buffer.from(`{"event_type":"a${text}","payload":{"s":"${text}"}}`, 'utf8'));

const encodings = fc
  .tuple(valid, fc.constantFrom('\xef\xbb\xbf', '\xff\xfe', '\xfe\xff', '\xc0\x80', '\xed\xa0\x80', '\xf8', '\x1f\x8b'))
  .map(([bytes, mark]) => Buffer.concat([Buffer.from(mark, 'latin1'), bytes]));

const large = fc
  .integer({ min: MAX_BODY_BYTES, max: 3 * MAX_BODY_BYTES })
  .map((n) => Buffer.from(event({ pad: 'x'.repeat(n) })));

const anyBytes = fc.uint8Array({ maxLength: 2_000, size: 'max' }).map((bytes) => Buffer.from(bytes));
const anyJson = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)));

const rest = fc.oneof(
  ...[bytesChanged, truncated, twice, wrongTypes, numbers, hugeNumbers, strings, encodings, large, anyBytes, anyJson],
);
const bodies = fc.oneof(
  { weight: 1, arbitrary: deep },
  { weight: 11, arbitrary: rest.filter((body) => !isEvent(body)) },
);
const types = fc.oneof(
  { weight: 9, arbitrary: fc.constant('application/json') },
  { weight: 1, arbitrary: fc.constantFrom('application/problem+json;x="\\"', 'text/plain', 'x', '', 'a/b; c=; d') },
);

it('10,000 malformed bodies get 400, 413 or 415 with a code, never 500, and nothing is logged', async () => {
  await using ingest = await startIngest({ maxBodyBytes: MAX_BODY_BYTES });
  const codes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(bodies, types, async (body, type) => {
      const answer = await ingest.send(body, { 'content-type': type });
      expect([400, 413, 415]).toContain(answer.statusCode);
      const { code, detail } = answer.json<{ code: string; detail: string }>();
      codes.add(code);
      expect(detail).not.toBe('');
    }),
    { numRuns: 10_000 },
  );
  expect(ingest.bus.messages).toEqual([]);
  expect(ingest.lines).toEqual([]);
  // Proof that the generators reach every kind of refusal.
  expect([...codes].sort()).toEqual([
    'field_invalid',
    'field_missing',
    'invalid_json',
    'not_an_object',
    'payload_too_large',
    'too_deep',
    'unsupported_media_type',
  ]);
});
