import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { LRUCache } from 'lru-cache';

/** Servers write schemas by hand: what is unusual in them is tolerated, only what cannot be compiled is reported. */
const OPTIONS: Options = { strict: false, allErrors: true, validateFormats: true, addUsedSchema: false, logger: false };
/** Characters of schemas that are kept compiled, at most; what is compiled takes several times the room. */
const MAX_COMPILED = 16 * 1024 * 1024;
const MAX_SHOWN = 5;

export type Checked =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly problems: string }
  /** The schema itself is at fault: what is wrong with it. */
  | { readonly kind: 'unusable'; readonly why: string };

interface Compiled {
  /** What is wrong with the schema if it does not compile. */
  readonly validate: ValidateFunction | string;
  readonly length: number;
}

/** Compiling takes milliseconds, and the same tools are called again and again. */
const compiled = new LRUCache<string, Compiled>({ maxSize: MAX_COMPILED, sizeCalculation: ({ length }) => length });

/**
 * Checks arguments against a schema: JSON Schema 2020-12, as MCP says, or the draft 7 that `$schema` names
 * (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool). May take for ever, with a pattern such as
 * `^(a+)+$`, references that branch, or `uniqueItems`.
 *
 * @param check - both are JSON.
 */
export function checkArguments(check: { readonly schema: string; readonly args: string }): Checked {
  const validate = compiledOf(check.schema);
  if (typeof validate === 'string') return { kind: 'unusable', why: validate };
  if (validate(JSON.parse(check.args))) return { kind: 'valid' };
  const problems = (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath === '' ? 'the arguments' : instancePath.slice(1)} ${message}`,
  );
  const more = problems.length > MAX_SHOWN ? `; and ${problems.length - MAX_SHOWN} more` : '';
  return { kind: 'invalid', problems: problems.slice(0, MAX_SHOWN).join('; ') + more };
}

function compiledOf(schema: string): ValidateFunction | string {
  const known = compiled.get(schema);
  if (known) return known.validate;
  const validate = compile(schema);
  compiled.set(schema, { validate, length: schema.length });
  return validate;
}

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
