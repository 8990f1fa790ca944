import { parse } from 'lossless-json';

declare global {
  interface JSON {
    /** https://github.com/tc39/proposal-json-parse-with-source, not yet in TypeScript's own declarations. */
    rawJSON(text: string): unknown;
    isRawJSON(value: unknown): value is RawNumber;
  }
}

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

export interface JsonObject {
  [key: string]: JsonValue;
}

/** A number that a double would write otherwise than it was sent; `JSON.stringify` writes it as it was. */
interface RawNumber {
  readonly rawJSON: string;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** Where there is none of these, every number survives as a double: -0, sixteen digits, an exponent, 1.0, long fractions. */
const MAY_CHANGE = /(?:^|[:,[\s])-?(?:0(?<=-0)|\d[\d.]{15}|\d+(?:[eE]|\.(?:\d*0(?!\d)|\d*[eE]|\d{7})))/;

/** As `JSON.parse` has it: of a repeated key the last value counts. */
const AS_SENT = {
  parseNumber(source: string): unknown {
    const value = Number(source);
    return String(value) === source ? value : JSON.rawJSON(source);
  },
  onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue,
};

/**
 * Parses JSON so that every number is written again as it was sent: 12345678901234567890, 1.10, 1e400. A number that a
 * double would change is not of type `number`: see {@link numberOf}.
 *
 * @throws SyntaxError
 */
export function parseExact(text: string): JsonValue {
  if (!MAY_CHANGE.test(text)) return JSON.parse(text) as JsonValue;
  return parse(text, undefined, AS_SENT) as JsonValue;
}

/** A number as a double, however it was parsed; `undefined` for what is no number. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return JSON.isRawJSON(value) ? Number(value.rawJSON) : undefined;
}

/** What {@link parseExact} parsed, for what only knows doubles. */
export function withDoubles(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withDoubles);
  if (!isJsonObject(value)) return numberOf(value) ?? value;
  // fromEntries defines own properties, also one called "__proto__".
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withDoubles(item)]));
}
