import type { JsonObject } from '@agent-platform/service';
import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** Servers write schemas by hand: what is unusual in them is tolerated, only what cannot be compiled is reported. */
const OPTIONS: Options = { strict: false, allErrors: true, validateFormats: true, addUsedSchema: false, logger: false };
const MAX_COMPILED = 1_000;
const MAX_SCHEMA_LENGTH = 256 * 1024;
const MAX_SHOWN = 5;

export type Validation =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly problems: string }
  /** The schema itself is at fault; the server decides what it takes. */
  | { readonly kind: 'unchecked'; readonly warning: string };

/** Compiling takes milliseconds, and the same tools are called again and again. */
const compiled = new Map<string, ValidateFunction | string>();

/**
 * Checks a tool's arguments against its inputSchema: JSON Schema 2020-12, as MCP says, or the draft 7 that `$schema`
 * names (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool).
 */
export function validateArguments(schema: JsonObject, args: JsonObject): Validation {
  const text = JSON.stringify(schema);
  const validate = compiled.get(text) ?? compile(schema, text);
  if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value!);
  compiled.set(text, validate);
  if (typeof validate === 'string') {
    return { kind: 'unchecked', warning: `the arguments were sent unchecked: the tool's inputSchema ${validate}` };
  }
  // Through text: exact integers are numbers to the schema.
  if (validate(JSON.parse(JSON.stringify(args)))) return { kind: 'valid' };
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath === '' ? 'the arguments' : instancePath.slice(1)} ${message}`,
  );
  const more = problems.length > MAX_SHOWN ? `; and ${problems.length - MAX_SHOWN} more` : '';
  return { kind: 'invalid', problems: problems.slice(0, MAX_SHOWN).join('; ') + more };
}

/** @returns what is wrong with the schema if it does not compile. */
function compile(schema: JsonObject, text: string): ValidateFunction | string {
  if (text.length > MAX_SCHEMA_LENGTH) return `is larger than ${MAX_SCHEMA_LENGTH} characters`;
  const dialect = typeof schema['$schema'] === 'string' ? schema['$schema'] : '';
  // A validator per schema: `$id`s of different servers never meet.
  const ajv = /draft-0[67]/.test(dialect) ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS);
  formats.default(ajv);
  try {
    return ajv.compile(schema);
  } catch (error) {
    return `does not compile (${(error as Error).message.slice(0, 200)})`;
  }
}
