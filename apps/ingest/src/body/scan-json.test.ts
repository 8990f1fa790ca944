import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanJson } from './scan-json.ts';

const UNBOUNDED = { maxDepth: 5_000, maxKeys: 1_000_000 };
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function acceptedByUs(bytes: Buffer): boolean {
  return isUtf8(bytes) && scanJson(bytes, UNBOUNDED).problem === undefined;
}

function acceptedByJsonParse(bytes: Buffer): boolean {
  try {
    JSON.parse(decoder.decode(bytes));
    return true;
  } catch {
    return false;
  }
}

function expectSameVerdict(bytes: Buffer): void {
  if (acceptedByUs(bytes) !== acceptedByJsonParse(bytes)) {
    expect.fail(`JSON.parse ${acceptedByJsonParse(bytes) ? 'takes' : 'refuses'} ${JSON.stringify(bytes.toString())}`);
  }
}

/** Pieces of which JSON is made, and some that almost are: joined at random they are valid often enough. */
const PIECES = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', ' ', '\n', '\t', '\r', '\f', '\v', '\0', '\u00a0', '\ufeff', '/'],
  ...['0', '-0', '1', '-', '+', '.', 'e', 'E5', '1.5', '01', '1e+9', '1E-9', '1e999', '1.', '.5', '0x1', 'NaN'],
  ...['true', 'false', 'null', 'nul', 'True', 'undefined', 'Infinity', '//c', "'a'"],
  ...['"a"', '"é€😀"', '"\\n"', '"\\u00e9"', '"\\ud800"', '"\\u12"', '"\\x"', '"\\u00zz"', '"\t"', '"\u007f"', '"\\"'],
  ...['"a":1', '"a":1,', '[]', '{}', '[1,2]', '{"a":{"b":[]}}', '""', '"":', '[,]', '{,}'],
];
const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join('')));

const valid = fc
  .tuple(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(undefined, 1, '\t', ' \n\r'))
  .map(([value, space]) => Buffer.from(JSON.stringify(value, null, space)));

const mutated = fc
  .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('put', 'insert', 'cut')), { maxLength: 3 }))
  .map(([bytes, changes]) =>
    changes.reduce((text, [place, byte, how]) => {
      const at = place % (text.length + 1);
      const after = how === 'insert' ? at : at + 1;
      return Buffer.concat([text.subarray(0, at), Buffer.from(how === 'cut' ? [] : [byte]), text.subarray(after)]);
    }, bytes),
  );

describe('scanJson', () => {
  it.each([
    ['what JSON.stringify writes', valid, 3_000],
    ['JSON with a few bytes changed', mutated, 10_000],
    ['pieces of JSON in any order', soup, 20_000],
    ['any text', fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)), 3_000],
    ['any bytes', fc.uint8Array().map((bytes) => Buffer.from(bytes)), 3_000],
  ])('has the verdict of JSON.parse on %s', (_, texts, numRuns) => {
    fc.assert(fc.property(texts, expectSameVerdict), { numRuns });
  });

  it('has the verdict of JSON.parse on every two characters', () => {
    const bytes = Buffer.alloc(2);
    for (let i = 0; i < 0x1_00_00; i++) {
      bytes.writeUInt16BE(i);
      expectSameVerdict(bytes);
      expectSameVerdict(Buffer.concat([Buffer.from('{"a":'), bytes, Buffer.from('}')]));
      expectSameVerdict(Buffer.concat([Buffer.from('["'), bytes, Buffer.from('"]')]));
    }
  });

  it('has the verdict of JSON.parse on every character of an escape and of a number', () => {
    for (const before of ['["\\', '["\\u', '["\\u0', '["\\u00', '["\\u000', '[0', '[-', '[1', '[1.', '[1e', '[1e+']) {
      for (let byte = 0; byte < 256; byte++) {
        for (const after of [']', '"]', '0"]', '00"]', '000"]', '0000"]', '0]']) {
          expectSameVerdict(Buffer.concat([Buffer.from(before), Buffer.from([byte]), Buffer.from(after)]));
        }
      }
    }
  });

  it('says where the members of the outermost object stand', () => {
    const text = Buffer.from(' { "a" : [1, {"b":2}] ,"b": "x","a":-1.5e3} ');
    const { members } = scanJson(text, UNBOUNDED);
    const pieces = Array.from({ length: members.length / 2 }, (_, i) =>
      text.toString('utf8', members[2 * i], members[2 * i + 1]),
    );
    expect(pieces).toEqual(['a', '[1, {"b":2}]', 'b', '"x"', 'a', '-1.5e3']);
  });

  it('has no members for anything but an object', () => {
    expect(scanJson(Buffer.from('[{"a":1}]'), UNBOUNDED)).toMatchObject({ isObject: false, members: [] });
    expect(scanJson(Buffer.from(' "a"'), UNBOUNDED)).toMatchObject({ isObject: false, members: [] });
    expect(scanJson(Buffer.from(' {}'), UNBOUNDED)).toMatchObject({ isObject: true, members: [] });
  });

  it('counts depth by objects and arrays inside one another', () => {
    const limits = { maxDepth: 3, maxKeys: 100 };
    const verdict = (text: string) => scanJson(Buffer.from(text), limits).problem;
    expect(verdict('[[[]],[[]],{"a":[]}]')).toBeUndefined();
    expect(verdict('[[[[]]]]')).toBe('too_deep');
    expect(verdict('{"a":{"b":{"c":{}}}}')).toBe('too_deep');
  });

  it('counts the keys of all objects', () => {
    const limits = { maxDepth: 10, maxKeys: 3 };
    const verdict = (text: string) => scanJson(Buffer.from(text), limits).problem;
    expect(verdict('[{"a":1},{"a":{"a":1}},["a","b","c","d"]]')).toBeUndefined();
    expect(verdict('[{"a":1},{"a":{"a":1}},{"a":1}]')).toBe('too_many_keys');
  });

  it('says where it stopped', () => {
    expect(scanJson(Buffer.from('{"a":tru}'), UNBOUNDED)).toMatchObject({ problem: 'invalid_json', position: 8 });
    expect(scanJson(Buffer.from('[1,2'), UNBOUNDED)).toMatchObject({ problem: 'invalid_json', position: 4 });
    expect(scanJson(Buffer.from('{} {}'), UNBOUNDED)).toMatchObject({ problem: 'invalid_json', position: 3 });
  });
});
