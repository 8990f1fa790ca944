import { isJsonObject, type JsonValue } from './json.ts';

/**
 * Takes secrets out of every text in a JSON value, its keys included. Works on the parsed value, so it does not matter how
 * the JSON spelled them.
 *
 * @param secrets - the longest first where one contains another.
 */
export function withoutSecrets<T extends JsonValue | undefined>(value: T, secrets: readonly string[]): T {
  return clean(value, secrets) as T;
}

function clean(value: JsonValue | undefined, secrets: readonly string[]): JsonValue | undefined {
  if (typeof value === 'string') return cleanText(value, secrets);
  if (Array.isArray(value)) return value.map((item) => clean(item, secrets)!);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [cleanText(key, secrets), clean(item, secrets)!]),
  );
}

function cleanText(text: string, secrets: readonly string[]): string {
  let cleaned = text;
  for (const secret of secrets) {
    if (cleaned.includes(secret)) cleaned = cleaned.replaceAll(secret, '[redacted]');
  }
  return cleaned;
}
