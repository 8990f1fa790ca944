import type { JsonValue } from '@agent-platform/json';
import { describe, expect, it } from 'vitest';
import { parseArguments, renderArguments } from './index.ts';

const EVENT: JsonValue = {
  event_type: 'invoice.uploaded',
  payload: { id: 'inv_1', amount: 12.5, paid: true, note: null, lines: [{ sku: 'a' }] },
};

function render(json: JsonValue, data: JsonValue = EVENT) {
  return renderArguments(parseArguments(json), data);
}

describe('rendered arguments', () => {
  it('keep the JSON type of what a lone placeholder stands for', () => {
    const json = {
      amount: '{{ .payload.amount }}',
      paid: '{{ .payload.paid }}',
      note: '{{.payload.note}}',
      lines: '{{ .payload.lines }}',
      count: '{{ .payload.count | default 0 }}',
      text: '{{ .payload.amount }} EUR',
      raw: '{{ .payload.lines | json }}',
    };
    expect(render(json)).toEqual({
      value: {
        amount: 12.5,
        paid: true,
        note: null,
        lines: [{ sku: 'a' }],
        count: 0,
        text: '12.5 EUR',
        raw: '[{"sku":"a"}]',
      },
      missing: [],
    });
  });

  it('pass constants, names and nesting through', () => {
    const json = { '{{ .x }}': [1, null, true, { deep: ['{{ .payload.id }}'] }], empty: '', none: {} };
    expect(render(json).value).toEqual({ '{{ .x }}': [1, null, true, { deep: ['inv_1'] }], empty: '', none: {} });
  });

  it('leave out what is missing and name it', () => {
    expect(render({ id: '{{ .payload.nope }}', list: ['{{ .nope }}'], text: 'a{{ .nope }}' })).toEqual({
      value: { list: [null], text: 'a' },
      missing: ['.payload.nope', '.nope'],
    });
  });

  it('set no prototype', () => {
    const { value } = render(JSON.parse('{"__proto__":{"admin":true}}') as JsonValue);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true}}');
  });

  it('are never larger than 1 MiB together', () => {
    const json = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`k${i}`, '{{ .big }}']));
    expect(() => render(json, { big: ['x'.repeat(100_000)] })).toThrow(
      expect.objectContaining({ code: 'template_output_too_large' }),
    );
  });
});

describe('arguments that are refused', () => {
  const deep = Array.from({ length: 34 }).reduce<JsonValue>((inner) => [inner], 1);
  it.each([
    ['text', '"x"', 'must be a JSON object'],
    ['a list', '[]', 'must be a JSON object'],
    ['null', 'null', 'must be a JSON object'],
    [
      'a bad template',
      '{"a":{"b":[1,"{{ .x"]}}',
      'Argument "a.b[1]": Template line 1, column 1: this "{{" is not closed',
    ],
    ['too deep', JSON.stringify({ a: deep }), 'is nested deeper than 32'],
    ['too long', JSON.stringify({ a: 'x'.repeat(60_000), b: 'x'.repeat(60_000) }), 'may have 100000 characters'],
  ])('%s', (_, json, problem) => {
    expect(() => parseArguments(JSON.parse(json) as JsonValue)).toThrow(
      expect.objectContaining({ code: 'template_invalid', message: expect.stringContaining(problem) as string }),
    );
  });
});
