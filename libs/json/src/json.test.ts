import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, numberOf, parseExact, withDoubles } from './json.ts';

describe('parseExact', () => {
  it.each([
    '9007199254740991',
    '9007199254740993',
    '-98765432109876543210',
    '123456789012345678901234567890',
    '0.123456789012345678901234567890',
    '123456789.123456789123456789',
    '1e400',
    '-1E+2',
    '1e-7',
    '0.0000001',
    '-0',
    '-0.0',
    '1.10',
    '1.0',
    '100.50',
    '10000000000.000007',
  ])('keeps %s as it was sent', (number) => {
    const text = `{"a":[{"b":${number}}],"c":"${number}"}`;
    const value = parseExact(text);
    expect(JSON.stringify(value)).toBe(text);
    const [{ b }] = (value as { a: [{ b: unknown }] }).a;
    expect(numberOf(b)).toBe(Number(number));
    expect(isJsonObject(b)).toBe(false);
    expect(withDoubles(value)).toEqual(JSON.parse(text));
  });

  it('writes every number as it was sent', () => {
    const digits = fc.stringMatching(/^(0|[1-9]\d{0,30})$/);
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        digits,
        fc.stringMatching(/^(\.\d{1,30})?$/),
        fc.stringMatching(/^([eE][+-]?\d{1,3})?$/),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(number), (numbers) => {
        const text = `[${numbers.join(',')}]`;
        expect(JSON.stringify(parseExact(text))).toBe(text);
      }),
      { numRuns: 20_000 },
    );
  });

  it('reads everything else as JSON.parse does', () => {
    const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/);
    // None is one character behind a backslash: V8 13.6 takes some of those for "\\".
    const key = fc
      .constantFrom('a', 'a', '1', '', '__proto__', 'a"', 'é\u2028', 'a\ud800')
      .map((k) => JSON.stringify(k));
    const leaf = fc.oneof(
      fc.constantFrom('null', 'true', 'false', '1', '-2.5', '1.0', '[]', '{}', '"\\u0061\\""', '"\\\\"'),
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    );
    const { json } = fc.letrec<{ json: string }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.tuple(space, fc.array(tie('json'))).map(([s, items]) => `${s}[${s}${items.join(`${s},${s}`)}${s}]${s}`),
        fc
          .tuple(space, fc.array(fc.tuple(key, tie('json'))))
          .map(([s, entries]) => `${s}{${s}${entries.map(([k, v]) => `${s}${k}${s}:${v}`).join(',')}${s}}${s}`),
      ),
    }));
    fc.assert(
      fc.property(json, (text) => {
        const read = parseExact(`[1.0,${text}]`);
        expect(withDoubles(read)).toEqual([1, JSON.parse(text)]);
        expect(JSON.stringify(withDoubles(read))).toBe(`[1,${JSON.stringify(JSON.parse(text))}]`);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['', '1.0.', '[1.0', '{"a":1.0,}', '"\\x1.0"', '[01.0]', 'nul 1.0'])('refuses %j', (text) => {
    expect(() => parseExact(text)).toThrow(SyntaxError);
  });

  it('leaves ordinary numbers to be numbers', () => {
    expect(parseExact('{"a":1.5,"b":-12,"c":0,"d":"1.0"}')).toEqual({ a: 1.5, b: -12, c: 0, d: '1.0' });
  });
});
