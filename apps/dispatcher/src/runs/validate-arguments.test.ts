import type { JsonObject } from '@agent-platform/service';
import { describe, expect, it } from 'vitest';
import { parseExact } from './exact-json.ts';
import { validateArguments } from './validate-arguments.ts';

describe('validateArguments', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['2020-12', { type: 'object', properties: { a: { prefixItems: [{ type: 'string' }] } } }, { a: [1] }],
    [
      'draft 7',
      { $schema: 'http://json-schema.org/draft-07/schema#', properties: { a: { items: [{ type: 'string' }] } } },
      { a: [1] },
    ],
    ['formats', { properties: { a: { format: 'date' } } }, { a: 'tomorrow' }],
  ])('knows %s', (_name, schema, wrong) => {
    expect(validateArguments(schema, wrong).kind).toBe('invalid');
    expect(validateArguments(schema, {}).kind).toBe('valid');
  });

  it.each<JsonObject>([
    { type: 'objekt' },
    { $ref: 'https://elsewhere.example.com/schema.json' },
    { properties: { a: { pattern: '(' } } },
    { description: 'x'.repeat(300_000) },
  ])('lets the server decide where its schema cannot be used', (schema) => {
    expect(validateArguments(schema, {})).toMatchObject({ kind: 'unchecked' });
  });

  it('tolerates keywords and formats it does not know', () => {
    const schema = { type: 'object', 'x-order': 1, properties: { a: { type: 'string', format: 'iban' } } };
    expect(validateArguments(schema, { a: 'x' })).toEqual({ kind: 'valid' });
  });

  it('does not confuse schemas of two servers that share an $id', () => {
    const one = { $id: 'https://example.com/s', required: ['a'] };
    const other = { $id: 'https://example.com/s', required: ['b'] };
    expect([validateArguments(one, { a: 1 }).kind, validateArguments(other, { b: 1 }).kind]).toEqual([
      'valid',
      'valid',
    ]);
  });

  it('takes an exact integer for a number', () => {
    const schema = { properties: { a: { type: 'integer' } } };
    expect(validateArguments(schema, parseExact('{"a":12345678901234567890}')).kind).toBe('valid');
  });

  it('shows the first problems only, and no values', () => {
    const properties = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, { type: 'number' }]));
    const args = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, 'secret']));
    const result = validateArguments({ properties }, args);
    expect(result).toMatchObject({
      kind: 'invalid',
      problems: expect.stringMatching(/^p0 must be number.*and 4 more$/) as unknown,
    });
    expect(JSON.stringify(result)).not.toContain('secret');
  });
});
