import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** Servers write schemas by hand: what is unusual in them is tolerated, only what cannot be compiled is reported. */
const OPTIONS: Options = { strict: false, allErrors: true, validateFormats: true, addUsedSchema: false, logger: false };
const MAX_COMPILED = 1_000;
const MAX_SHOWN = 5;

export type Checked =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly problems: string }
  /** The schema itself is at fault: what is wrong with it. */
  | { readonly kind: 'unusable'; readonly why: string };

/** Compiling takes milliseconds, and the same tools are called again and again. */
const compiled = new Map<string, ValidateFunction | string>();

/**
 * Checks arguments against a schema: JSON Schema 2020-12, as MCP says, or the draft 7 that `$schema` names
 * (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool). May take for ever, with a pattern such as
 * `^(a+)+$`, references that branch, or `uniqueItems`.
 *
 * @param schema - JSON.
 */
export function checkArguments(schema: string, args: unknown): Checked {
  const known = compiled.get(schema) ?? compile(schema);
  compiled.delete(schema);
  compiled.set(schema, known);
  if (compiled.size > MAX_COMPILED) compiled.delete(compiled.keys().next().value!);
  if (typeof known === 'string') return { kind: 'unusable', why: known };
  if (known(args)) return { kind: 'valid' };
  const problems = (known.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath === '' ? 'the arguments' : instancePath.slice(1)} ${message}`,
  );
  const more = problems.length > MAX_SHOWN ? `; and ${problems.length - MAX_SHOWN} more` : '';
  return { kind: 'invalid', problems: problems.slice(0, MAX_SHOWN).join('; ') + more };
}

/** @returns what is wrong with the schema if it does not compile. */
function compile(text: string): ValidateFunction | string {
  const schema = JSON.parse(text) as Record<string, unknown>;
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
