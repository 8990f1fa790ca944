import { clone, equals, type DescField, type Message } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { FieldMask } from '@bufbuild/protobuf/wkt';
import type { Resource, Row } from './resource.ts';
import { isGivenByPlatform } from './field-behavior.ts';
import { throwIfInvalid, type Problems } from './problems.ts';

export interface Update<M extends Message> {
  /** The current message with the fields of the mask written over it. */
  readonly wanted: M;
  /** The names of those fields. */
  readonly written: ReadonlySet<string>;
  /** Of the maps among them of which only entries are written: the keys of those. The rest of the map stays as it is. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

/**
 * Applies an update as https://google.aip.dev/134 describes it: a field of the mask that the patch does not set is
 * cleared; no mask means the fields the patch sets, and of its maps the entries. A path such as `labels.color` names one entry
 * (https://google.aip.dev/161). What was read can be written back: fields that the platform fills in are
 * passed over, and a message as it was answered, without its secrets, changes nothing.
 */
export function applyUpdate<M extends Message, R extends Row>(
  resource: Resource<M, R>,
  row: R,
  patch: M,
  mask: FieldMask | undefined,
): Update<M> {
  const wanted = clone(resource.schema, resource.toMessage(row));
  const from = reflect(resource.schema, patch);
  const to = reflect(resource.schema, wanted);
  const keys = new Map<string, string[]>();
  const named = mask?.paths.length
    ? maskedFields(resource, from.fields, mask.paths, keys)
    : from.fields.filter((field) => from.isSet(field));
  for (const field of mask?.paths.length ? [] : named) {
    if (field.fieldKind === 'map') keys.set(field.name, [...from.get(field).keys()].map(String));
  }
  const fields = named.filter((field) => !isGivenByPlatform(field) && !isSameMessage(field, from, to));
  for (const field of fields) {
    if (from.isSet(field)) to.set(field, from.get(field));
    else to.clear(field);
  }
  return { wanted, written: new Set(fields.map((field) => field.name)), keys };
}

function isSameMessage(field: DescField, from: ReflectMessage, to: ReflectMessage): boolean {
  if (field.fieldKind !== 'message' || !from.isSet(field) || !to.isSet(field)) return false;
  return equals(field.message, withoutGiven(from.get(field)), withoutGiven(to.get(field)));
}

function withoutGiven({ desc, message }: ReflectMessage): Message {
  const copy = reflect(desc, clone(desc, message));
  for (const field of copy.fields) if (isGivenByPlatform(field)) copy.clear(field);
  return copy.message;
}

function maskedFields<M extends Message, R extends Row>(
  resource: Resource<M, R>,
  fields: readonly DescField[],
  paths: readonly string[],
  keys: Map<string, string[]>,
): DescField[] {
  const problems: Problems = [];
  const masked = paths.flatMap((path) => {
    const field = fields.find((candidate) => candidate.name === path);
    if (field !== undefined) return [field];
    const map = fields.find(({ name, fieldKind }) => fieldKind === 'map' && path.startsWith(`${name}.`));
    if (map !== undefined) {
      if (!paths.includes(map.name))
        keys.set(map.name, [...(keys.get(map.name) ?? []), path.slice(map.name.length + 1)]);
      return [map];
    }
    problems.push({ field: 'update_mask', description: `names "${path}", which ${resource.label}s do not have` });
    return [];
  });
  throwIfInvalid(problems);
  return masked;
}
