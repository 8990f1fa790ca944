import type { JsonValue } from '@bufbuild/protobuf';
import { AppError } from '@agent-platform/errors';
import { parseExact } from '@agent-platform/json';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** How deep a body may nest: what protobuf itself reads. */
const MAX_DEPTH = 100;

/**
 * Parses a request body.
 *
 * @throws AppError `invalid_json`; the body is not quoted, it may hold secrets.
 */
export function parseJson(body: Uint8Array): JsonValue {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch (cause) {
    throw invalidJson('The body is not UTF-8.', cause);
  }
  let value: JsonValue;
  try {
    value = parseExact(text);
  } catch (cause) {
    const position = /at position \d+(?: \(line \d+ column \d+\))?/.exec((cause as Error).message)?.[0];
    throw invalidJson(`The body is not JSON${position ? `: it goes wrong ${position}` : ''}.`);
  }
  return checked(value);
}

/** Refuses what could confuse whatever copies the value later, or exhaust its stack. */
function checked(value: JsonValue): JsonValue {
  let level: JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw invalidJson(`The body nests deeper than ${MAX_DEPTH} levels.`);
    const next: JsonValue[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (Object.hasOwn(item, '__proto__')) throw invalidJson('No field may be named "__proto__".');
      for (const child of Object.values(item)) if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return value;
}

function invalidJson(message: string, cause?: unknown): AppError {
  return new AppError('invalid_argument', 'invalid_json', message, { cause });
}
