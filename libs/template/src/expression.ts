import type { Expression } from './ast.ts';
import { FUNCTIONS } from './functions.ts';
import type { Token } from './lexer.ts';
import { errorAt, MAX_NESTING } from './source.ts';

const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

/** The tokens of one action, read from left to right. */
export interface Action {
  readonly text: string;
  readonly tokens: readonly Token[];
  at: number;
}

export function peek(action: Action): Token {
  return action.tokens[action.at] ?? action.tokens.at(-1)!;
}

export function expectEnd(action: Action): void {
  const token = peek(action);
  if (token.kind !== 'end') throw unexpected(action, token, '"}}"');
}

export function unexpected(action: Action, token: Token, expected: string): Error {
  const found = token.kind === 'end' ? '}}' : action.text.slice(token.start, token.end);
  return errorAt(action.text, token.start, `expected ${expected} but found ${JSON.stringify(found)}`);
}

/** `command | name args | …`: what stands left of a bar is the last argument of what stands right of it. */
export function parsePipeline(action: Action, depth: number): Expression {
  const start = peek(action).start;
  let value = parseCommand(action, depth);
  while (peek(action).kind === 'pipe') {
    action.at++;
    const token = peek(action);
    if (token.kind !== 'name' || LITERALS.has(token.text)) throw unexpected(action, token, 'the name of a function');
    value = parseCall(action, depth, start, value);
  }
  return value;
}

function parseCommand(action: Action, depth: number): Expression {
  const token = peek(action);
  if (token.kind === 'name' && !LITERALS.has(token.text)) return parseCall(action, depth, token.start);
  const value = parseOperand(action, depth);
  if (isOperand(peek(action))) throw unexpected(action, peek(action), '"|" or "}}"');
  return value;
}

function parseCall(action: Action, depth: number, start: number, piped?: Expression): Expression {
  const name = peek(action);
  const called = FUNCTIONS.get(name.text);
  if (called === undefined) {
    const known = [...FUNCTIONS.keys()].join(', ');
    const hint = `there is no function "${name.text.slice(0, 64)}" (there are ${known}); a field is written with a dot`;
    throw errorAt(action.text, name.start, hint);
  }
  action.at++;
  const args: Expression[] = [];
  while (isOperand(peek(action))) {
    if (peek(action).start === action.tokens[action.at - 1]!.end) throw unexpected(action, peek(action), 'a space');
    args.push(parseOperand(action, depth));
  }
  if (piped) args.push(piped);
  const [min, max] = called.arity;
  if (args.length < min || args.length > max) {
    const wanted = max === Infinity ? `at least ${min}` : String(min);
    throw errorAt(action.text, name.start, `"${name.text}" takes ${wanted} argument(s), ${args.length} given`);
  }
  const end = action.tokens[action.at - 1]!.end;
  return { kind: 'call', function: called, args, source: action.text.slice(start, end) };
}

function isOperand(token: Token): boolean {
  return !['pipe', 'close', 'end'].includes(token.kind);
}

function parseOperand(action: Action, depth: number): Expression {
  const first = peek(action);
  let value = parsePrimary(action, depth);
  for (let token = peek(action); token.kind === 'field'; token = peek(action)) {
    if (token.start !== action.tokens[action.at - 1]!.end) break;
    action.at++;
    value = { kind: 'field', base: value, name: token.text, source: action.text.slice(first.start, token.end) };
  }
  return value;
}

function parsePrimary(action: Action, depth: number): Expression {
  const token = peek(action);
  action.at++;
  switch (token.kind) {
    case 'string':
      return { kind: 'literal', value: token.text };
    case 'number':
      return { kind: 'literal', value: Number(token.text) };
    case 'dot':
      return { kind: 'dot' };
    case 'dollar':
      return { kind: 'root' };
    case 'field':
      return { kind: 'field', base: { kind: 'dot' }, name: token.text, source: `.${token.text}` };
    case 'name': {
      const value = LITERALS.get(token.text);
      if (value === undefined) throw errorAt(action.text, token.start, `put "${token.text}" and its arguments in ( )`);
      return { kind: 'literal', value };
    }
    case 'open': {
      if (depth >= MAX_NESTING) throw errorAt(action.text, token.start, `nested deeper than ${MAX_NESTING}`);
      const value = parsePipeline(action, depth + 1);
      if (peek(action).kind !== 'close') throw unexpected(action, peek(action), '")"');
      action.at++;
      return value;
    }
    case 'pipe':
    case 'close':
    case 'end':
      throw unexpected(action, token, 'a field such as ".payload", a string, a number or a function');
  }
}
