import { performance } from 'node:perf_hooks';
import { withDoubles, type JsonObject } from '@agent-platform/service';
import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { TimeLimitExceeded, withinTimeLimit } from './time-limit.ts';

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

/**
 * Schemas come from servers we know nothing of, and some take for ever: `^(a+)+$`, references that branch, `uniqueItems`.
 * They run on the thread everything runs on.
 */
const TIME_LIMIT_MS = 500;
/** What can take for ever when arguments are checked; the rest takes as long as schema and arguments are. */
const MAY_BE_SLOW = /"(?:pattern|patternProperties|format|uniqueItems|\$ref|\$dynamicRef|\$recursiveRef)":/;
/** A skill that took too long is left unchecked for as long, so that it stops the others for one moment in many. */
const SLOW_FOR_MS = 600_000;
const MAX_SLOW = 10_000;
const TOO_SLOW = unchecked(`takes too long to check; the skill's tools are not checked for some minutes`);

/** Compiling takes milliseconds, and the same tools are called again and again. */
const compiled = new Map<string, ValidateFunction | string>();
const slowUntilMs = new Map<string, number>();

/**
 * Checks a tool's arguments against its inputSchema: JSON Schema 2020-12, as MCP says, or the draft 7 that `$schema`
 * names (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool).
 *
 * @param skillId - whose tool it is.
 */
export function validateArguments(skillId: string, schema: JsonObject, args: JsonObject): Validation {
  if (performance.now() < (slowUntilMs.get(skillId) ?? 0)) return TOO_SLOW;
  try {
    return validate(schema, args);
  } catch (error) {
    if (!(error instanceof TimeLimitExceeded)) throw error;
    if (slowUntilMs.size >= MAX_SLOW) slowUntilMs.delete(slowUntilMs.keys().next().value!);
    slowUntilMs.set(skillId, performance.now() + SLOW_FOR_MS);
    return TOO_SLOW;
  }
}

function unchecked(why: string): Validation {
  return { kind: 'unchecked', warning: `the arguments were sent unchecked: the tool's inputSchema ${why}` };
}

function validate(schema: JsonObject, args: JsonObject): Validation {
  const text = JSON.stringify(schema);
  const known = compiled.get(text) ?? compile(schema, text);
  if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value!);
  compiled.set(text, known);
  if (typeof known === 'string') return unchecked(known);
  const value: unknown = withDoubles(args);
  if (MAY_BE_SLOW.test(text) ? withinTimeLimit(TIME_LIMIT_MS, () => known(value)) : known(value)) {
    return { kind: 'valid' };
  }
  const problems = (known.errors ?? []).map(
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
    return withinTimeLimit(TIME_LIMIT_MS, () => ajv.compile(schema));
  } catch (error) {
    if (error instanceof TimeLimitExceeded) throw error;
    return `does not compile (${(error as Error).message.slice(0, 200)})`;
  }
}
