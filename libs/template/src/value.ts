import { isJsonObject, numberOf, type JsonObject, type JsonValue } from '@agent-platform/json';

/** What a path that leads nowhere evaluates to. */
export class Missing {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

export type Value = JsonValue | Missing;

/** The field of an object; own properties only, so that no prototype is ever reached. */
export function fieldOf(value: Value, name: string): Value | undefined {
  if (value instanceof Missing || !isJsonObject(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** What `if` and `default` take for empty, as in Go: false, 0, null, "" and an empty list or object. */
export function isEmpty(value: Value): boolean {
  if (value instanceof Missing || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (isJsonObject(value)) return weightOf(value) === 0;
  return value === false || value === '' || numberOf(value) === 0;
}

/** Counting the keys of a large object takes longer than the work it counts as; no template changes or makes one. */
const keyCounts = new WeakMap<JsonObject, number>();

/** How much work it is to look at a value as a whole. */
export function weightOf(value: Value): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Missing || !isJsonObject(value)) return 0;
  let count = keyCounts.get(value);
  if (count === undefined) keyCounts.set(value, (count = Object.keys(value).length));
  return count;
}

/** As it stands in text: null is nothing, objects and lists are compact JSON. */
export function textOf(value: JsonValue): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
