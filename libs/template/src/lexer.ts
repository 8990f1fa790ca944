import { errorAt } from './source.ts';

export interface Token {
  /** `field` is `.name`; its text is the name alone. A string's text is its value. */
  readonly kind: 'field' | 'name' | 'number' | 'string' | 'dot' | 'dollar' | 'pipe' | 'open' | 'close' | 'end';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type Piece =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'action'; readonly tokens: readonly Token[] };

const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /\s*/y;
const CLOSE = /\s+-\}\}|\s*\}\}/y;
const SYMBOLS: Readonly<Record<string, Token['kind']>> = { '|': 'pipe', '(': 'open', ')': 'close', $: 'dollar' };

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skipSpace(text: string, at: number): number {
  return at + match(SPACE, text, at)!.length;
}

function lexString(text: string, start: number): Token {
  const quote = text[start]!;
  let end = start + 1;
  while (end < text.length && text[end] !== quote) end += quote === '"' && text[end] === '\\' ? 2 : 1;
  if (end >= text.length) throw errorAt(text, start, 'this string is not closed');
  const raw = text.slice(start, end + 1);
  if (quote === '`') return { kind: 'string', text: raw.slice(1, -1), start, end: end + 1 };
  try {
    return { kind: 'string', text: JSON.parse(raw) as string, start, end: end + 1 };
  } catch {
    throw errorAt(text, start, 'this string has an escape or a line break that JSON strings do not allow');
  }
}

function lexToken(text: string, start: number): Token {
  const char = text[start]!;
  if (char === '"' || char === '`') return lexString(text, start);
  const symbol = Object.hasOwn(SYMBOLS, char) ? SYMBOLS[char] : undefined;
  if (symbol) return { kind: symbol, text: char, start, end: start + 1 };
  if (char === '.') {
    const name = match(NAME, text, start + 1);
    return {
      kind: name === undefined ? 'dot' : 'field',
      text: name ?? '.',
      start,
      end: start + 1 + (name?.length ?? 0),
    };
  }
  const number = match(NUMBER, text, start);
  if (number !== undefined) return { kind: 'number', text: number, start, end: start + number.length };
  const name = match(NAME, text, start);
  if (name !== undefined) return { kind: 'name', text: name, start, end: start + name.length };
  if (char === "'") throw errorAt(text, start, 'strings are written with double quotes');
  const hint = char === '-' ? '; a name that is not one word is reached so: index .payload "its-name"' : '';
  throw errorAt(text, start, `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(start)!))}${hint}`);
}

/** The end of a comment that starts at `at`, or `at` when there is none. */
function skipComment(text: string, at: number): number {
  if (!text.startsWith('/*', at)) return at;
  const end = text.indexOf('*/', at + 2);
  if (end < 0) throw errorAt(text, at, 'this comment is not closed, expected "*/"');
  return end + 2;
}

/**
 * Splits a template into text and actions; trim markers and comments are gone afterwards.
 *
 * @see https://pkg.go.dev/text/template#hdr-Text_and_spaces
 */
export function lex(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimStart = false;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    let literal = text.slice(at, open < 0 ? text.length : open);
    if (trimStart) literal = literal.trimStart();
    const trimEnd = open >= 0 && text[open + 2] === '-' && match(SPACE, text, open + 3) !== '';
    if (trimEnd) literal = literal.trimEnd();
    if (literal !== '') pieces.push({ kind: 'text', text: literal });
    if (open < 0) break;

    const tokens: Token[] = [];
    const inside = skipSpace(text, open + (trimEnd ? 3 : 2));
    at = skipComment(text, inside);
    const isComment = at > inside;
    let close = match(CLOSE, text, at);
    while (close === undefined) {
      at = skipSpace(text, at);
      if (at >= text.length) throw errorAt(text, open, 'this "{{" is not closed, expected "}}"');
      if (isComment) throw errorAt(text, at, 'expected "}}" right after a comment');
      tokens.push(lexToken(text, at));
      at = tokens.at(-1)!.end;
      close = match(CLOSE, text, at);
    }
    at += close.length;
    const end: Token = { kind: 'end', text: '}}', start: at - 2, end: at };
    if (!isComment) pieces.push({ kind: 'action', tokens: [...tokens, end] });
    trimStart = close.includes('-');
  }
  return pieces;
}
