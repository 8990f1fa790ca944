import { clone, type DescField, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { FieldMask } from '@bufbuild/protobuf/wkt';
import type { Noun, Row } from './noun.ts';
import { OUTPUT_ONLY, throwIfAny, type Problems } from './problems.ts';

export interface Update<M extends Message> {
  /** The current message with the fields of the mask written over it. */
  readonly wanted: M;
  /** The names of those fields. */
  readonly written: ReadonlySet<string>;
}

/**
 * Applies an update as https://google.aip.dev/134 describes it: a field of the mask that the patch does not set is
 * cleared; no mask means the fields the patch sets.
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
  const fields = mask?.paths.length
    ? maskedFields(noun, from.fields, mask.paths)
    : from.fields.filter((field) => from.isSet(field) && !noun.outputOnly.includes(field.name));
  for (const field of fields) {
    if (from.isSet(field)) to.set(field, from.get(field));
    else to.clear(field);
  }
  return { wanted, written: new Set(fields.map((field) => field.name)) };
}

function maskedFields<M extends Message, R extends Row>(
  noun: Noun<M, R>,
  fields: readonly DescField[],
  paths: readonly string[],
): DescField[] {
  const problems: Problems = [];
  const masked = paths.flatMap((path) => {
    const field = fields.find((candidate) => candidate.name === path);
    if (field === undefined) {
      problems.push({ field: 'update_mask', description: `names "${path}", which is no field of a ${noun.label}` });
    } else if (!noun.outputOnly.includes(path)) return [field];
    else problems.push({ field: `${noun.field}.${path}`, description: OUTPUT_ONLY });
    return [];
  });
  throwIfAny(problems);
  return masked;
}
