import { setTimeout as sleep } from 'node:timers/promises';
import { parseExact, type JsonObject } from '@agent-platform/json';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createThreadPool, type ThreadPool } from '../threads/pool.ts';
import { createSchemaChecker, type SchemaChecker } from './schema-checker.ts';

let threads: ThreadPool;
let checker: SchemaChecker;
beforeAll(() => {
  threads = createThreadPool();
  checker = createSchemaChecker(threads);
});
afterAll(() => threads[Symbol.asyncDispose]());

const check = (schema: JsonObject, args: JsonObject, { orgId = 'org', skillId = 'skl_1' } = {}) =>
  checker.check({ orgId, skillId, schema, args: JSON.stringify(args) });
const kindOf = async (schema: JsonObject, args: JsonObject, of = {}) => (await check(schema, args, of)).kind;

describe('the arguments of a tool', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['2020-12', { type: 'object', properties: { a: { prefixItems: [{ type: 'string' }] } } }, { a: [1] }],
    [
      'draft 7',
      { $schema: 'http://json-schema.org/draft-07/schema#', properties: { a: { items: [{ type: 'string' }] } } },
      { a: [1] },
    ],
    ['formats', { properties: { a: { format: 'date' } } }, { a: 'tomorrow' }],
    ['what is closed', { type: 'object', additionalProperties: false }, { a: 1 }],
  ])('are checked against %s', async (_name, schema, wrong) => {
    expect(await kindOf(schema, wrong)).toBe('invalid');
    expect(await kindOf(schema, {})).toBe('valid');
  });

  it.each<JsonObject>([{}, { type: 'object' }, { type: 'object', properties: {}, additionalProperties: true }])(
    'are whatever they are where the schema says nothing',
    async (schema) => {
      expect(await check(schema, { a: 1 })).toEqual({ kind: 'valid' });
    },
  );

  it.each<JsonObject>([
    { type: 'objekt' },
    { $ref: 'https://elsewhere.example.com/schema.json' },
    { properties: { a: { pattern: '(' } } },
    { description: 'x'.repeat(300_000) },
  ])('are for the server to decide on where its schema cannot be used', async (schema) => {
    expect(await check(schema, {})).toMatchObject({ kind: 'unchecked' });
  });

  it('may have keywords and formats in their schema that nobody knows', async () => {
    const schema = { type: 'object', 'x-order': 1, properties: { a: { type: 'string', format: 'iban' } } };
    expect(await check(schema, { a: 'x' })).toEqual({ kind: 'valid' });
  });

  it('are not confused by schemas of two servers that share an $id', async () => {
    expect(await kindOf({ $id: 'https://example.com/s', required: ['a'] }, { a: 1 })).toBe('valid');
    expect(await kindOf({ $id: 'https://example.com/s', required: ['b'] }, { b: 1 })).toBe('valid');
  });

  it('may be an exact integer where a number is asked for', async () => {
    const args = parseExact('{"a":12345678901234567890}') as JsonObject;
    expect(await kindOf({ properties: { a: { type: 'integer' } } }, args)).toBe('valid');
  });

  it('are wrong in a few words and with no values', async () => {
    const properties = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, { type: 'number' }]));
    const args = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, 'secret']));
    const result = await check({ properties }, args);
    expect(result).toMatchObject({
      kind: 'invalid',
      problems: expect.stringMatching(/^p0 must be number.*and 4 more$/) as unknown,
    });
    expect(JSON.stringify(result)).not.toContain('secret');
  });
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
const pattern = (n: number): JsonObject => ({ title: `${n}`, properties: { a: { pattern: '^(a+)+$' } } });
const slowArgs = { a: `${'a'.repeat(60)}!` };
const wrong: [JsonObject, JsonObject] = [{ properties: { a: { pattern: '^a+$' } } }, { a: 'b' }];

describe('a hostile schema', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['a pattern', pattern(0), slowArgs],
    ['references that branch', branching(40), {}],
  ])('with %s is given up, and its skill left unchecked, and nobody else', async (name, schema, args) => {
    const of = { skillId: `skl ${name}` };
    expect(await check(schema, args, of)).toMatchObject({
      kind: 'unchecked',
      warning: expect.stringContaining('too long') as unknown,
    });
    expect(await kindOf(...wrong, of)).toBe('unchecked');
    expect(await kindOf(...wrong)).toBe('invalid');
  });

  it('stops neither the process nor the checks of other tenants while it is at work', async () => {
    const of = { orgId: 'org_hostile' };
    let isOver = false;
    // Each one another skill's, and none seen before.
    const hostile = Promise.all(
      Array.from({ length: 4 }, (_, n) => kindOf(pattern(n), slowArgs, { ...of, skillId: `skl_${n}` })),
    ).finally(() => (isOver = true));
    let ticks = 0;
    for (; ticks < 10; ticks++) await sleep(10);
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, n) => kindOf(...wrong, { orgId: `org_${n}`, skillId: 'skl' })),
    );
    expect(isOver).toBe(false);
    expect(new Set(others)).toEqual(new Set(['invalid']));
    expect(await hostile).toEqual(['unchecked', 'unchecked', 'unchecked', 'unchecked']);
  });

  it('of too many skills of a tenant leaves all of them unchecked', async () => {
    const of = { orgId: 'org_of_many' };
    for (let n = 0; n < 5; n++)
      expect(await kindOf(pattern(n), slowArgs, { ...of, skillId: `skl_${n}` })).toBe('unchecked');
    expect(await kindOf(...wrong, { ...of, skillId: 'skl_other' })).toBe('unchecked');
  });

  it('that needs too much memory ends its thread only', async () => {
    // Compiles into code many times as large as itself.
    const huge = { anyOf: Array.from({ length: 3_000 }, (_, n) => ({ properties: { [`p${n}`]: branching(3) } })) };
    const of = { orgId: 'org_huge' };
    expect(['valid', 'unchecked']).toContain(await kindOf(huge, {}, of));
    expect(await kindOf(...wrong)).toBe('invalid');
  });

  it('does not keep anybody waiting who stops, and passes for none that was too hard', async () => {
    const stopping = createThreadPool();
    const checking = createSchemaChecker(stopping);
    const args = JSON.stringify(slowArgs);
    const checks = Array.from({ length: 3 }, (_, n) =>
      checking.check({ orgId: 'org', skillId: `skl_${n}`, schema: pattern(n), args }),
    );
    const settled = Promise.allSettled(checks);
    await sleep(50);
    await stopping[Symbol.asyncDispose]();
    const stopped = { status: 'rejected', reason: expect.objectContaining({ code: 'threads_unavailable' }) as unknown };
    expect(await settled).toEqual([stopped, stopped, stopped]);
  });

  it('is not taken for slow when a thread cannot be started', async () => {
    await using broken = createThreadPool(new URL('data:text/javascript,'));
    const checking = createSchemaChecker(broken);
    const tool = { orgId: 'org', skillId: 'skl', schema: wrong[0], args: '{}' };
    for (let n = 0; n < 2; n++) {
      await expect(checking.check(tool)).rejects.toMatchObject({ code: 'threads_unavailable', kind: 'unavailable' });
    }
  });
});
