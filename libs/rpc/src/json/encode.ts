import {
  toJson,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
} from '@bufbuild/protobuf';
import { JsonFragment } from './fragment.ts';
import { jsonTextOf, plainMessageOf, shapeOf, shortName } from './shape.ts';

/**
 * A message as REST answers it: protobuf's JSON with proto field names, fields at their default included, enum values
 * short and in lower case, and without fields that are only ever sent to us. Texts that are JSON are fragments, which
 * `stringify` writes as they are.
 */
export function encodeMessage(type: DescMessage, message: Message): JsonObject {
  const json = toJson(type, message, { useProtoFieldName: true, alwaysEmitImplicit: true }) as JsonObject;
  recode(type, json);
  return json;
}

function recode(type: DescMessage, json: JsonObject): void {
  const { recoded, inputOnly } = shapeOf(type);
  for (const { name } of inputOnly) delete json[name];
  for (const field of recoded) {
    const value = json[field.name];
    if (value === undefined) continue;
    if (jsonTextOf(field) === undefined) json[field.name] = shorten(field, value);
    else if (value === '') delete json[field.name];
    else json[field.name] = new JsonFragment(value as string) as unknown as JsonValue;
  }
}

function shorten(field: DescField, value: JsonValue): JsonValue {
  if (field.fieldKind === 'list') return (value as JsonValue[]).map((item) => shortenOne(field, item));
  if (field.fieldKind !== 'map') return shortenOne(field, value);
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, item]) => [key, shortenOne(field, item)]));
}

function shortenOne(field: DescField, value: JsonValue): JsonValue {
  const message = plainMessageOf(field);
  if (message) recode(message, value as JsonObject);
  // A number is a value of a newer version of the proto, which has no name here.
  return field.enum && typeof value === 'string' ? shortName(field.enum, value) : value;
}
