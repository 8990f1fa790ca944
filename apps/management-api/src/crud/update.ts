import { clone, equals, type DescField, type Message } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { FieldMask } from '@bufbuild/protobuf/wkt';
import type { Noun, Row } from './noun.ts';
import { isGivenByPlatform } from './field-behavior.ts';
import { throwIfAny, type Problems } from './problems.ts';

export interface Update<M extends Message> {
  /** The current message with the fields of the mask written over it. */
  readonly wanted: M;
  /** The names of those fields. */
  readonly written: ReadonlySet<string>;
}

/**
 * Applies an update as https://google.aip.dev/134 describes it: a field of the mask that the patch does not set is
 * cleared; no mask means the fields the patch sets. What was read can be written back: fields that the platform fills in are
 * passed over, and a message as it was answered, without its secrets, changes nothing.
 */
export function applyUpdate<M extends Message, R extends Row>(
  noun: Noun<M, R>,
  row: R,
  patch: M,
  mask: FieldMask | undefined,
): Update<M> {
  const wanted = clone(noun.schema, noun.toMessage(row));
  const from = reflect(noun.schema, patch);
  const to = reflect(noun.schema, wanted);
  const named = mask?.paths.length
    ? maskedFields(noun, from.fields, mask.paths)
    : from.fields.filter((field) => from.isSet(field));
  const fields = named.filter((field) => !isGivenByPlatform(field) && !isSameMessage(field, from, to));
  for (const field of fields) {
    if (from.isSet(field)) to.set(field, from.get(field));
    else to.clear(field);
  }
  return { wanted, written: new Set(fields.map((field) => field.name)) };
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
  noun: Noun<M, R>,
  fields: readonly DescField[],
  paths: readonly string[],
): DescField[] {
  const problems: Problems = [];
  const masked = paths.flatMap((path) => {
    const field = fields.find((candidate) => candidate.name === path);
    if (field !== undefined) return [field];
    problems.push({ field: 'update_mask', description: `names "${path}", which ${noun.label}s do not have` });
    return [];
  });
  throwIfAny(problems);
  return masked;
}
