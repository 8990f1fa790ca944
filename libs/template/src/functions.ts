import { numberOf, type JsonValue } from '@agent-platform/json';
import { fieldOf, isEmpty, Missing, textOf, type Value } from './value.ts';

export interface TemplateFunction {
  /** Fewest and most arguments, the piped one included. */
  readonly arity: readonly [number, number];
  /** @param source - how the template spells the call, for the record of what was missing. */
  readonly call: (args: readonly Value[], source: string) => Value;
}

/** A function of one text; a missing value stays missing, so that it is recorded where it would have been shown. */
function ofText(work: (text: string) => string): TemplateFunction {
  return { arity: [1, 1], call: ([value]) => (value instanceof Missing ? value : work(textOf(value!))) };
}

function select(value: Value, key: Value): Value | undefined {
  if (typeof key === 'string') return fieldOf(value, key);
  const position = numberOf(key);
  return Array.isArray(value) && position !== undefined ? value[position] : undefined;
}

function index([value, ...keys]: readonly Value[], source: string): Value {
  let found: Value | undefined = value;
  for (const key of keys) {
    found = select(found!, key);
    if (found === undefined) return new Missing(source);
  }
  return found!;
}

function orNull(value: Value): JsonValue {
  return value instanceof Missing ? null : value;
}

function scalarOf(value: Value): JsonValue {
  return numberOf(value) ?? orNull(value);
}

/** Scalars only: objects and lists equal nothing. */
function equal(args: readonly Value[]): boolean {
  const [first, ...others] = args.map(scalarOf);
  return (typeof first !== 'object' || first === null) && others.some((other) => other === first);
}

function firstOrLast(args: readonly Value[], matches: (value: Value) => boolean): Value {
  const found = args.findIndex(matches);
  return args.at(found)!;
}

/** By the names of Go's text/template and, for the rest, of the sprig library its users know. */
export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['index', { arity: [2, Infinity], call: index }],
  ['json', { arity: [1, 1], call: ([value]) => (value instanceof Missing ? value : JSON.stringify(value)) }],
  ['default', { arity: [2, 2], call: ([fallback, value]) => (isEmpty(value!) ? fallback! : value!) }],
  ['upper', ofText((text) => text.toUpperCase())],
  ['lower', ofText((text) => text.toLowerCase())],
  ['trim', ofText((text) => text.trim())],
  ['quote', ofText((text) => JSON.stringify(text))],
  ['eq', { arity: [2, Infinity], call: (args) => equal(args) }],
  ['ne', { arity: [2, 2], call: (args) => !equal(args) }],
  ['not', { arity: [1, 1], call: ([value]) => isEmpty(value!) }],
  ['and', { arity: [1, Infinity], call: (args) => firstOrLast(args, isEmpty) }],
  ['or', { arity: [1, Infinity], call: (args) => firstOrLast(args, (value) => !isEmpty(value)) }],
]);
