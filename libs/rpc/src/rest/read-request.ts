import { ScalarType, type DescField, type JsonObject, type JsonValue, type MessageShape } from '@bufbuild/protobuf';
import { AppError, type FieldViolation } from '@agent-platform/errors';
import { isJsonObject } from '@agent-platform/json';
import { invalidRequest } from '../invalid-request.ts';
import { decodeMessage } from '../json/decode.ts';
import type { Binding, FieldPath } from './binding.ts';
import { findField } from './binding.ts';
import { dropRemovedEntries, readUpdateMask } from './update-mask.ts';

/**
 * The RPC's request: the body, then what the path says, then the query.
 *
 * @param values - of the path's variables.
 * @param body - undefined when there was none.
 * @throws AppError `invalid_request` naming every field that is wrong, `body_required`.
 */
export function readRequest(
  binding: Binding,
  values: readonly string[],
  query: URLSearchParams,
  body: JsonValue | undefined,
): MessageShape<Binding['rpc']['input']> {
  const json = placeBody(binding, query, body);
  const mask = binding.updateMask && readUpdateMask(binding, query, body);
  readQuery(binding, query, json);
  binding.variables.forEach((path, index) => set(json, path, values[index]!));
  const message = decodeMessage(binding.rpc.input, json);
  if (binding.updateMask && mask) Object.assign(message, { [binding.updateMask.localName]: mask });
  return message;
}

function placeBody(binding: Binding, query: URLSearchParams, body: JsonValue | undefined): JsonObject {
  const { body: target } = binding;
  if (target === undefined) return {};
  if (target === '*') {
    if (body === undefined) return {};
    if (isJsonObject(body)) return { ...body };
    throw invalidRequest([{ field: '', description: 'The body has to be a JSON object.' }]);
  }
  if (body === undefined) {
    const message = `This request needs a body: the ${target.name.replaceAll('_', ' ')}, as a JSON object.`;
    throw new AppError('invalid_argument', 'body_required', message);
  }
  if (isJsonObject(body)) {
    const copy = { ...body };
    dropRemovedEntries(binding, query, copy);
    return { [target.name]: copy };
  }
  throw invalidRequest([{ field: '', description: 'The body has to be a JSON object.' }]);
}

function readQuery(binding: Binding, query: URLSearchParams, json: JsonObject): void {
  const violations: FieldViolation[] = [];
  for (const name of new Set(query.keys())) {
    const path = findField(binding.rpc.input, name) ?? [];
    const field = path?.at(-1);
    const texts = query.getAll(name);
    if (field && field === binding.updateMask) continue;
    if (!field || binding.body === '*' || path[0] === binding.body) {
      violations.push({ field: name, description: `unknown query parameter "${name.slice(0, 100)}"` });
    } else if (field.fieldKind === 'list') {
      const items = texts.map((text) => fromText(field, text));
      set(json, path, items);
    } else if (texts.length > 1) {
      violations.push({ field: name, description: 'given more than once' });
    } else {
      set(json, path, fromText(field, texts[0]!));
    }
  }
  if (violations.length > 0) throw invalidRequest(violations);
}

/** Protobuf's JSON takes strings for everything but this. */
function fromText(field: DescField, text: string): JsonValue {
  if (field.scalar !== ScalarType.BOOL) return text;
  return text === 'true' ? true : text === 'false' ? false : text;
}

/** Sets a field, whichever way the body spells it. */
function set(json: JsonObject, path: FieldPath, value: JsonValue): void {
  const [field, ...rest] = path;
  if (!field) return;
  const known = json[field.name] ?? json[field.jsonName];
  delete json[field.jsonName];
  if (rest.length === 0) {
    json[field.name] = value;
    return;
  }
  const within: JsonObject = isJsonObject(known) ? known : {};
  json[field.name] = within;
  set(within, rest, value);
}
