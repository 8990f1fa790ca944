import type { JsonObject } from '@agent-platform/service';

declare global {
  interface JSON {
    /** https://github.com/tc39/proposal-json-parse-with-source, not yet in TypeScript's own declarations. */
    rawJSON(text: string): unknown;
    parse(
      text: string,
      reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
  }
}

/** Shorter integers are exact in a double. */
const LONG_NUMBER = /\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * Parses an object so that integers beyond 2^53 keep their digits when they are written again, as text or as JSON: an
 * invoice number must not be rounded on its way to a tool.
 */
export function parseExact(text: string): JsonObject {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as JsonObject;
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && INTEGER.test(source!) ? JSON.rawJSON(source!) : value,
  ) as JsonObject;
}
