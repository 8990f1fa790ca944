import { isJsonObject, type JsonObject, type JsonValue } from '@agent-platform/json';
import { encodeHeader } from './header-value.ts';

/** An argument of a tool that is sent as the header `Mcp-Param-{name}` too. */
export interface HeaderParameter {
  readonly name: string;
  /** The names of properties that lead to it from the arguments. */
  readonly path: readonly string[];
}

const MAX_SCHEMA_DEPTH = 64;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const HEADER_TYPES: readonly (JsonValue | undefined)[] = ['string', 'integer', 'boolean'];

/** Keywords whose values are data, in which the word means nothing. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples', 'required']);

/**
 * Finds the `x-mcp-header` annotations of a tool.
 *
 * @returns `undefined` when one breaks a rule; the specification has the client drop such a tool.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/server/tools#x-mcp-header
 */
export function headerParametersOf(inputSchema: JsonObject): HeaderParameter[] | undefined {
  const found: HeaderParameter[] = [];
  const names = new Set<string>();

  /** @param path - `undefined` outside of what `properties` alone lead to. */
  function visit(schema: JsonValue, path: readonly string[] | undefined, depth: number): boolean {
    if (typeof schema !== 'object' || schema === null) return true;
    if (depth > MAX_SCHEMA_DEPTH) return false;
    if (Array.isArray(schema)) return schema.every((item) => visit(item, undefined, depth + 1));
    if (Object.hasOwn(schema, 'x-mcp-header') && !annotate(schema, path)) return false;
    return Object.entries(schema).every(([keyword, value]) => {
      if (DATA_KEYWORDS.has(keyword)) return true;
      if (!NAMED_SCHEMAS.has(keyword) || !isJsonObject(value)) return visit(value, undefined, depth + 1);
      const reachable = keyword === 'properties' ? path : undefined;
      return Object.entries(value).every(([name, child]) => visit(child, reachable && [...reachable, name], depth + 1));
    });
  }

  function annotate(schema: JsonObject, path: readonly string[] | undefined): boolean {
    const name = schema['x-mcp-header'];
    if (typeof name !== 'string' || !TOKEN.test(name) || names.has(name.toLowerCase())) return false;
    if (!path?.length || !HEADER_TYPES.includes(schema.type)) return false;
    names.add(name.toLowerCase());
    found.push({ name, path });
    return true;
  }

  return visit(inputSchema, [], 0) ? found : undefined;
}

/** Keywords whose value maps names, not keywords, to schemas. */
const NAMED_SCHEMAS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);

/** The headers for a call with these arguments; none for what is absent or null. */
export function paramHeaders(
  parameters: readonly HeaderParameter[],
  args: JsonValue | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, path } of parameters) {
    let value: JsonValue | undefined = args;
    for (const step of path) value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined || value === null || isJsonObject(value) || Array.isArray(value)) continue;
    // A number as it stands in the body.
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    headers[`mcp-param-${name.toLowerCase()}`] = encodeHeader(text);
  }
  return headers;
}
