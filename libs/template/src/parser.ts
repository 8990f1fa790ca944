import type { Branch, Node } from './ast.ts';
import { expectEnd, parsePipeline, peek, unexpected, type Action } from './expression.ts';
import { lex, type Piece } from './lexer.ts';
import { errorAt, MAX_NESTING, MAX_TEXT_LENGTH, templateError } from './source.ts';

/** A parsed template; {@link renderTemplate} renders it any number of times. */
export interface Template {
  readonly nodes: readonly Node[];
}

interface Cursor {
  readonly text: string;
  readonly pieces: readonly Piece[];
  at: number;
}

interface Block {
  readonly nodes: readonly Node[];
  /** The `else` or `end` it stopped at; `undefined` at the end of the template. */
  readonly stop: Action | undefined;
}

/**
 * Parses the subset of Go's text/template that this platform speaks: fields (`{{ .payload.id }}`, `$` for the whole
 * event), `index`, pipes, `if`/`else if`/`else`, `range` over lists (anything else counts as an empty one), trim markers, comments
 * and the functions of `functions.ts`.
 *
 * @throws AppError `template_invalid`, saying line, column and what was expected.
 * @see https://pkg.go.dev/text/template
 */
export function parseTemplate(text: string): Template {
  if (text.length > MAX_TEXT_LENGTH) {
    throw templateError(`A template may have ${MAX_TEXT_LENGTH} characters, this one has ${text.length}.`);
  }
  const cursor = { text, pieces: lex(text), at: 0 };
  const { nodes, stop } = parseBlock(cursor, 0);
  if (stop) throw errorAt(text, peek(stop).start, `"${peek(stop).text}" without an open "if" or "range"`);
  return { nodes };
}

function parseBlock(cursor: Cursor, depth: number): Block {
  const nodes: Node[] = [];
  while (cursor.at < cursor.pieces.length) {
    const piece = cursor.pieces[cursor.at++]!;
    if (piece.kind === 'text') {
      nodes.push(piece);
      continue;
    }
    const action: Action = { text: cursor.text, tokens: piece.tokens, at: 0 };
    const keyword = peek(action).kind === 'name' ? peek(action).text : undefined;
    if (keyword === 'end' || keyword === 'else') return { nodes, stop: action };
    if (keyword === 'if' || keyword === 'range') {
      if (depth >= MAX_NESTING) throw errorAt(cursor.text, peek(action).start, `nested deeper than ${MAX_NESTING}`);
      nodes.push(keyword === 'if' ? parseIf(cursor, action, depth + 1) : parseRange(cursor, action, depth + 1));
    } else {
      const value = parsePipeline(action, depth);
      expectEnd(action);
      nodes.push({ kind: 'output', value });
    }
  }
  return { nodes, stop: undefined };
}

function parseIf(cursor: Cursor, opening: Action, depth: number): Node {
  const branches: Branch[] = [];
  let action = opening;
  for (;;) {
    action.at++;
    const condition = parsePipeline(action, depth);
    expectEnd(action);
    const { nodes, stop } = parseBlock(cursor, depth);
    branches.push({ condition, body: nodes });
    if (!isElse(stop)) return close({ kind: 'if', branches, otherwise: [] }, opening, stop);
    stop.at++;
    if (peek(stop).kind === 'name' && peek(stop).text === 'if') {
      action = stop;
      continue;
    }
    return { kind: 'if', branches, otherwise: parseElse(cursor, opening, stop, depth) };
  }
}

function parseRange(cursor: Cursor, opening: Action, depth: number): Node {
  opening.at++;
  const over = parsePipeline(opening, depth);
  expectEnd(opening);
  const { nodes, stop } = parseBlock(cursor, depth);
  const range = { kind: 'range', over, body: nodes } as const;
  if (!isElse(stop)) return close({ ...range, otherwise: [] }, opening, stop);
  stop.at++;
  return { ...range, otherwise: parseElse(cursor, opening, stop, depth) };
}

function parseElse(cursor: Cursor, opening: Action, action: Action, depth: number): readonly Node[] {
  expectEnd(action);
  const { nodes, stop } = parseBlock(cursor, depth);
  if (isElse(stop)) throw unexpected(stop, peek(stop), '"{{ end }}"');
  return close(nodes, opening, stop);
}

function isElse(action: Action | undefined): action is Action {
  return action !== undefined && peek(action).text === 'else';
}

/** `parsed`, once it is sure that an `{{ end }}` closes what `opening` opened. */
function close<T>(parsed: T, opening: Action, stop: Action | undefined): T {
  const { text, start } = opening.tokens[0]!;
  if (!stop) throw errorAt(opening.text, start, `this "${text}" is not closed, expected "{{ end }}"`);
  stop.at++;
  expectEnd(stop);
  return parsed;
}
