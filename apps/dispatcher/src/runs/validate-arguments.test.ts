import type { JsonObject } from '@agent-platform/service';
import { describe, expect, it } from 'vitest';
import { parseExact } from '@agent-platform/service';
import { validateArguments } from './validate-arguments.ts';

const SKILL = 'skl_1';

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
    expect(validateArguments(SKILL, schema, wrong).kind).toBe('invalid');
    expect(validateArguments(SKILL, schema, {}).kind).toBe('valid');
  });

  it.each<JsonObject>([
    { type: 'objekt' },
    { $ref: 'https://elsewhere.example.com/schema.json' },
    { properties: { a: { pattern: '(' } } },
    { description: 'x'.repeat(300_000) },
  ])('lets the server decide where its schema cannot be used', (schema) => {
    expect(validateArguments(SKILL, schema, {})).toMatchObject({ kind: 'unchecked' });
  });

  it('tolerates keywords and formats it does not know', () => {
    const schema = { type: 'object', 'x-order': 1, properties: { a: { type: 'string', format: 'iban' } } };
    expect(validateArguments(SKILL, schema, { a: 'x' })).toEqual({ kind: 'valid' });
  });

  it('does not confuse schemas of two servers that share an $id', () => {
    const one = { $id: 'https://example.com/s', required: ['a'] };
    const other = { $id: 'https://example.com/s', required: ['b'] };
    expect([validateArguments(SKILL, one, { a: 1 }).kind, validateArguments(SKILL, other, { b: 1 }).kind]).toEqual([
      'valid',
      'valid',
    ]);
  });

  it('takes an exact integer for a number', () => {
    const schema = { properties: { a: { type: 'integer' } } };
    expect(validateArguments(SKILL, schema, parseExact('{"a":12345678901234567890}') as JsonObject).kind).toBe('valid');
  });

  it('shows the first problems only, and no values', () => {
    const properties = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, { type: 'number' }]));
    const args = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, 'secret']));
    const result = validateArguments(SKILL, { properties }, args);
    expect(result).toMatchObject({
      kind: 'invalid',
      problems: expect.stringMatching(/^p0 must be number.*and 4 more$/) as unknown,
    });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  const branching = (depth: number): JsonObject => ({
    $ref: '#/$defs/d0',
    $defs: Object.fromEntries(
      Array.from({ length: depth }, (_, i) => {
        const next = { $ref: `#/$defs/d${i + 1}` };
        return [`d${i}`, i === depth - 1 ? { type: 'object' } : { allOf: [next, next] }];
      }),
    ),
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['a pattern', { properties: { a: { pattern: '^(a+)+$' } } }, { a: `${'a'.repeat(60)}!` }],
    ['references that branch', branching(40), {}],
  ])('does not let %s stop everything else', (name, schema, args) => {
    const skill = `skl ${name}`;
    expect(validateArguments(skill, schema, args)).toMatchObject({
      kind: 'unchecked',
      warning: expect.stringContaining('too long') as unknown,
    });
    // Not for a second time either, and nothing else is held against the others.
    expect(validateArguments(skill, { type: 'object' }, {}).kind).toBe('unchecked');
    expect(validateArguments(SKILL, { properties: { a: { pattern: '^a+$' } } }, { a: 'b' }).kind).toBe('invalid');
  });
});
