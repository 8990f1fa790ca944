import type { JsonObject } from '@agent-platform/json';
import { describe, expect, it } from 'vitest';
import { encodeHeader } from './header-value.ts';
import { headerParametersOf, paramHeaders } from './param-headers.ts';

const named = (name: unknown, type = 'string') => ({ type, 'x-mcp-header': name }) as JsonObject;
const schema = (properties: JsonObject, rest: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...rest });

describe('annotations that break a rule', () => {
  it.each<[string, JsonObject]>([
    ['an empty name', schema({ a: named('') })],
    ['a name that is no text', schema({ a: named(1) })],
    ['a name with a space', schema({ a: named('a b') })],
    ['a name with a line break', schema({ a: named('a\r\nb') })],
    ['a name twice, by any case', schema({ a: named('Region'), b: named('region') })],
    ['a number', schema({ a: named('A', 'number') })],
    ['an object', schema({ a: named('A', 'object') })],
    ['no type', schema({ a: { 'x-mcp-header': 'A' } })],
    ['the root', schema({}, { 'x-mcp-header': 'A' })],
    ['items', schema({ a: { type: 'array', items: named('A') } })],
    ['anyOf', schema({ a: { anyOf: [named('A')] } })],
    ['properties below anyOf', schema({}, { anyOf: [schema({ a: named('A') })] })],
    ['$defs', schema({}, { $defs: { a: named('A') } })],
    ['additionalProperties', schema({}, { additionalProperties: named('A') })],
    ['nesting without end', Array.from({ length: 70 }).reduce<JsonObject>((inner) => schema({ a: inner }), {})],
  ])('drop the tool: %s', (_, inputSchema) => {
    expect(headerParametersOf(inputSchema)).toBeUndefined();
  });
});

describe('annotations', () => {
  it('are found along properties at any depth, and nowhere in data', () => {
    const inputSchema = schema({
      a: schema({ b: named('B', 'integer') }),
      'x-mcp-header': { type: 'string', default: { 'x-mcp-header': '' }, enum: [{ 'x-mcp-header': '' }] },
    });
    expect(headerParametersOf(inputSchema)).toEqual([{ name: 'B', path: ['a', 'b'] }]);
  });

  it('read own properties of the arguments only', () => {
    const parameters = [
      { name: 'A', path: ['constructor', 'name'] },
      { name: 'B', path: ['b'] },
    ];
    expect(paramHeaders(parameters, { b: -7 })).toEqual({ 'mcp-param-b': '-7' });
  });
});

// The table of https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
describe('a value of a header', () => {
  it.each([
    ['us-west1', 'us-west1'],
    ['two words', 'two words'],
    ['', ''],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
  ])('%j', (value, encoded) => {
    expect(encodeHeader(value)).toBe(encoded);
  });
});
