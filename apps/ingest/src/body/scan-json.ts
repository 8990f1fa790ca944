/** Why a text is refused. The bounds count whatever is in the text, known to us or not. */
export type ScanProblem = 'invalid_json' | 'too_deep' | 'too_many_keys';

export interface ScanLimits {
  /** Objects and arrays inside one another, the outermost included. */
  readonly maxDepth: number;
  /** Keys of all objects together. */
  readonly maxKeys: number;
}

export interface JsonScan {
  /** Absent when the text is JSON and within the limits. */
  readonly problem: ScanProblem | undefined;
  /** Where the problem is, in bytes from 0. */
  readonly position: number;
  readonly isObject: boolean;
  /**
   * Of the object at the top, four positions for each member, in order: key (without its quotes) from and to,
   * value from and to. The same key may come several times.
   */
  readonly members: readonly number[];
}

interface Scanner {
  readonly bytes: Uint8Array;
  readonly limits: ScanLimits;
  readonly members: number[];
  depth: number;
  keys: number;
  problem: ScanProblem | undefined;
  position: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'));
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/**
 * Walks once over a JSON text (RFC 8259), with the verdict of `JSON.parse` and without building its value, which
 * costs more and loses where each member stood. The bytes must be valid UTF-8.
 */
export function scanJson(bytes: Uint8Array, limits: ScanLimits): JsonScan {
  const scanner: Scanner = { bytes, limits, members: [], depth: 0, keys: 0, problem: undefined, position: 0 };
  const start = skipSpace(bytes, 0);
  const end = scanValue(scanner, start);
  if (end >= 0) {
    const rest = skipSpace(bytes, end);
    if (rest < bytes.length) fail(scanner, rest);
  }
  const { problem, position, members } = scanner;
  return { problem, position, members, isObject: bytes[start] === OPEN_OBJECT };
}

/** Notes the first problem. Every scan answers where the next thing starts, or -1 after a problem. */
function fail(scanner: Scanner, position: number, problem: ScanProblem = 'invalid_json'): -1 {
  scanner.problem = problem;
  scanner.position = position;
  return -1;
}

function skipSpace(bytes: Uint8Array, at: number): number {
  const { length } = bytes;
  while (at < length) {
    const byte = bytes[at]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
    at++;
  }
  return at;
}

function scanValue(scanner: Scanner, at: number): number {
  switch (scanner.bytes[at]) {
    case QUOTE:
      return scanString(scanner, at);
    case OPEN_OBJECT:
      return scanObject(scanner, at);
    case OPEN_ARRAY:
      return scanArray(scanner, at);
    case TRUE[0]:
      return scanWord(scanner, at, TRUE);
    case FALSE[0]:
      return scanWord(scanner, at, FALSE);
    case NULL[0]:
      return scanWord(scanner, at, NULL);
    default:
      return scanNumber(scanner, at);
  }
}

function scanObject(scanner: Scanner, start: number): number {
  const { bytes, limits } = scanner;
  if (++scanner.depth > limits.maxDepth) return fail(scanner, start, 'too_deep');
  const isTop = scanner.depth === 1;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] !== CLOSE_OBJECT) {
    for (;;) {
      if (bytes[at] !== QUOTE) return fail(scanner, at);
      if (++scanner.keys > limits.maxKeys) return fail(scanner, at, 'too_many_keys');
      const keyEnd = scanString(scanner, at);
      if (keyEnd < 0) return -1;
      const colon = skipSpace(bytes, keyEnd);
      if (bytes[colon] !== COLON) return fail(scanner, colon);
      const valueStart = skipSpace(bytes, colon + 1);
      const valueEnd = scanValue(scanner, valueStart);
      if (valueEnd < 0) return -1;
      if (isTop) scanner.members.push(at + 1, keyEnd - 1, valueStart, valueEnd);
      at = skipSpace(bytes, valueEnd);
      if (bytes[at] === CLOSE_OBJECT) break;
      if (bytes[at] !== COMMA) return fail(scanner, at);
      at = skipSpace(bytes, at + 1);
    }
  }
  scanner.depth--;
  return at + 1;
}

function scanArray(scanner: Scanner, start: number): number {
  const { bytes } = scanner;
  if (++scanner.depth > scanner.limits.maxDepth) return fail(scanner, start, 'too_deep');
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] !== CLOSE_ARRAY) {
    for (;;) {
      const end = scanValue(scanner, at);
      if (end < 0) return -1;
      at = skipSpace(bytes, end);
      if (bytes[at] === CLOSE_ARRAY) break;
      if (bytes[at] !== COMMA) return fail(scanner, at);
      at = skipSpace(bytes, at + 1);
    }
  }
  scanner.depth--;
  return at + 1;
}

function scanString(scanner: Scanner, start: number): number {
  const { bytes } = scanner;
  const { length } = bytes;
  for (let at = start + 1; at < length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20) return fail(scanner, at);
    if (byte !== BACKSLASH) continue;
    const escape = bytes[++at];
    if (escape === LOWER_U) {
      for (const end = at + 4; at < end;) if (!isHexDigit(bytes[++at])) return fail(scanner, at);
    } else if (escape === undefined || !ESCAPES.has(escape)) {
      return fail(scanner, at);
    }
  }
  return fail(scanner, length);
}

function scanNumber(scanner: Scanner, start: number): number {
  const { bytes } = scanner;
  let at = bytes[start] === MINUS ? start + 1 : start;
  if (!isDigit(bytes[at])) return fail(scanner, at);
  at = bytes[at] === ZERO ? at + 1 : skipDigits(bytes, at);
  if (bytes[at] === DOT) {
    if (!isDigit(bytes[++at])) return fail(scanner, at);
    at = skipDigits(bytes, at);
  }
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at++;
    if (bytes[at] === 0x2b || bytes[at] === MINUS) at++;
    if (!isDigit(bytes[at])) return fail(scanner, at);
    at = skipDigits(bytes, at);
  }
  return at;
}

function scanWord(scanner: Scanner, start: number, word: Uint8Array): number {
  for (let i = 1; i < word.length; i++) if (scanner.bytes[start + i] !== word[i]) return fail(scanner, start + i);
  return start + word.length;
}

function skipDigits(bytes: Uint8Array, at: number): number {
  while (isDigit(bytes[at])) at++;
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}
