import { parseExact, type JsonValue } from '@agent-platform/json';
import { TooLargeError, UnreadableBodyError } from './failure.ts';

/** Makes an answer of a body. What it throws ends the request. */
export interface BodyReader {
  readonly bytes: number;
  /** @returns the answer as soon as it is known, before the body ends. */
  read(chunk: Buffer): { message: JsonValue | undefined } | undefined;
  /** @returns the answer, `undefined` for an empty body. */
  end(): JsonValue | undefined;
}

/** @param parse - what the body is parsed by. */
export function readJson(maxBytes: number, parse: (text: string) => JsonValue = parseJson): BodyReader {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    read(chunk) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new TooLargeError();
      chunks.push(chunk);
      return undefined;
    },
    end() {
      return bytes === 0 ? undefined : parse(Buffer.concat(chunks).toString());
    },
  };
}

/** For answers whose status says enough: `undefined` for a body that is not JSON, or longer than `maxBytes`. */
export function readJsonIfAny(maxBytes: number): BodyReader {
  const json = readJson(Infinity);
  return {
    get bytes() {
      return json.bytes;
    },
    read(chunk) {
      json.read(chunk);
      return json.bytes > maxBytes ? { message: undefined } : undefined;
    },
    end() {
      try {
        return json.end();
      } catch {
        return undefined;
      }
    },
  };
}

/** @throws UnreadableBodyError */
export function parseJson(text: string): JsonValue {
  return parsedBy((json) => JSON.parse(json) as JsonValue, text);
}

/** With every number as it was sent; see `parseExact`. @throws UnreadableBodyError */
export function parseExactJson(text: string): JsonValue {
  return parsedBy(parseExact, text);
}

function parsedBy(parse: (text: string) => JsonValue, text: string): JsonValue {
  try {
    return parse(text);
  } catch {
    // Without the cause: its message quotes the body.
    throw new UnreadableBodyError();
  }
}
