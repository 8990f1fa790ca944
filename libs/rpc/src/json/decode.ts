import {
  fromJson,
  type DescField,
  type DescMessage,
  type DescOneof,
  type JsonObject,
  type JsonValue,
  type MessageShape,
} from '@bufbuild/protobuf';
import { JsonText } from '@agent-platform/proto';
import type { FieldViolation } from '@agent-platform/errors';
import { isJsonObject, withDoubles } from '@agent-platform/json';
import { invalidRequest } from '../invalid-request.ts';
import { expected } from './expected.ts';
import { jsonTextOf, plainMessageOf, shapeOf, shortName } from './shape.ts';

const MAX_VIOLATIONS = 20;

/**
 * Reads a message from JSON as REST writes it: field names in either spelling, enum values short or in full. Anything
 * else than what the message holds is refused.
 *
 * @throws AppError `invalid_request` with every field that is wrong. Values are never quoted: they may be secrets.
 */
export function decodeMessage<D extends DescMessage>(type: D, json: JsonValue): MessageShape<D> {
  const violations: FieldViolation[] = [];
  const report = (field: string, description: string) => {
    violations.push({ field, description });
    // Enough to act on; to look for more would make a body full of faults expensive.
    if (violations.length === MAX_VIOLATIONS) throw invalidRequest(violations);
  };
  const plain = readMessage(type, json, '', report);
  if (violations.length === 0) {
    try {
      return fromJson(type, plain);
    } catch {
      // Protobuf's own error names one field, by its full proto name, and quotes the value. Below is a better one.
    }
  }
  findWrongValues(type, plain, '', report);
  throw invalidRequest(violations.length > 0 ? violations : [{ field: '', description: 'the request cannot be read' }]);
}

type Report = (path: string, description: string) => void;

/** The same in protobuf's own JSON, with proto names: what is unknown or ambiguous is reported and left out. */
function readMessage(type: DescMessage, json: JsonValue, path: string, report: Report): JsonValue {
  if (!isJsonObject(json)) return json;
  const result: JsonObject = {};
  const chosen = new Map<DescOneof, DescField>();
  for (const [name, value] of Object.entries(json)) {
    const field = shapeOf(type).fields.get(name);
    if (!field) {
      report(join(path, name), `unknown field "${name.slice(0, 100)}"`);
      continue;
    }
    const at = join(path, field.name);
    const rival = field.oneof && chosen.get(field.oneof);
    if (Object.hasOwn(result, field.name)) report(at, `given twice, as ${field.name} and as ${field.jsonName}`);
    else if (rival && value !== null) report(at, `only one of ${rival.name} and ${field.name} can be given`);
    // Protobuf would count a null as a choice.
    else if (!field.oneof || value !== null) result[field.name] = readField(field, value, at, report);
    if (field.oneof && value !== null) chosen.set(field.oneof, field);
  }
  return result;
}

function readField(field: DescField, value: JsonValue, path: string, report: Report): JsonValue {
  const jsonText = jsonTextOf(field);
  if (jsonText !== undefined) {
    if (value !== null && (jsonText === JsonText.VALUE || isJsonObject(value))) return JSON.stringify(value);
    if (value !== null) report(path, 'expected an object');
    return null;
  }
  const message = plainMessageOf(field);
  if (!message && !field.enum) return withDoubles(value);
  const readOne = (item: JsonValue, at: string) =>
    message ? readMessage(message, item, at, report) : fullName(field, item);
  return mapItems(field, value, path, readOne) ?? readOne(value, path);
}

function fullName({ enum: type }: DescField, value: JsonValue): JsonValue {
  if (typeof value !== 'string') return withDoubles(value);
  return type?.values.find(({ name }) => shortName(type, name) === value)?.name ?? value;
}

/** Finds, after protobuf has refused the message, all that it cannot read, by trying every value on its own. */
function findWrongValues(type: DescMessage, json: JsonValue, path: string, report: Report): void {
  if (!isJsonObject(json)) return report(path, 'expected an object');
  for (const [name, value] of Object.entries(json)) {
    const field = shapeOf(type).fields.get(name)!;
    const at = join(path, name);
    const message = plainMessageOf(field);
    const tryOne = (item: JsonValue, itemPath: string, wrapped: JsonValue) => {
      if (message && item !== null) findWrongValues(message, item, itemPath, report);
      else if (!isReadable(type, { [name]: wrapped })) report(itemPath, `expected ${expected(field)}`);
      return item;
    };
    if (field.fieldKind === 'list' && Array.isArray(value)) {
      mapItems(field, value, at, (item, itemPath) => tryOne(item, itemPath, [item]));
    } else if (field.fieldKind === 'map' && isJsonObject(value)) {
      mapItems(field, value, at, (item, itemPath, key) => tryOne(item, itemPath, { [key]: item }));
    } else if (field.fieldKind !== 'list' && field.fieldKind !== 'map') {
      tryOne(value, at, value);
    } else if (value !== null) {
      report(at, field.fieldKind === 'list' ? 'expected an array' : 'expected an object');
    }
  }
}

/** Applies a function to the elements of a list or the values of a map; undefined when it is neither. */
function mapItems(
  field: DescField,
  value: JsonValue,
  path: string,
  apply: (item: JsonValue, path: string, key: string) => JsonValue,
): JsonValue | undefined {
  if (field.fieldKind === 'list' && Array.isArray(value)) {
    return value.map((item, index) => apply(item, `${path}[${index}]`, String(index)));
  }
  if (field.fieldKind !== 'map' || !isJsonObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, apply(item, `${path}[${JSON.stringify(key)}]`, key)]),
  );
}

function isReadable(type: DescMessage, json: JsonValue): boolean {
  try {
    fromJson(type, json);
    return true;
  } catch {
    return false;
  }
}

function join(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}
