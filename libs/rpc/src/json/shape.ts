import { getOption, type DescEnum, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { JsonText } from '@agent-platform/proto';
import { field_behavior, FieldBehavior, json } from '@agent-platform/proto';

/** What reading and writing a message needs to know about it, worked out once. */
export interface Shape {
  /** By proto name and by camelCase name. */
  readonly fields: ReadonlyMap<string, DescField>;
  /** Fields whose JSON differs from protobuf's: enums, texts that are JSON, and messages that may hold some. */
  readonly recoded: readonly DescField[];
  /** Fields that are never answered, such as secrets: https://google.aip.dev/203. */
  readonly inputOnly: readonly DescField[];
}

const shapes = new WeakMap<DescMessage, Shape>();

export function shapeOf(message: DescMessage): Shape {
  let shape = shapes.get(message);
  if (!shape) {
    const fields = new Map<string, DescField>();
    for (const field of message.fields) fields.set(field.name, field).set(field.jsonName, field);
    const recoded = message.fields.filter((field) => field.enum ?? jsonTextOf(field) ?? plainMessageOf(field));
    const inputOnly = message.fields.filter((field) =>
      getOption(field, field_behavior).includes(FieldBehavior.INPUT_ONLY),
    );
    shapes.set(message, (shape = { fields, recoded, inputOnly }));
  }
  return shape;
}

/** The message of a field, its elements or its values, unless protobuf writes it in a way of its own (timestamps …). */
export function plainMessageOf(field: DescField): DescMessage | undefined {
  return field.message?.typeName.startsWith('google.protobuf.') ? undefined : field.message;
}

/** `SKILL_CATEGORY_READ` as REST spells it: `read`. */
export function shortName(type: DescEnum, name: string): string {
  return name.slice(type.sharedPrefix?.length ?? 0).toLowerCase();
}

/** What JSON the text of a field is; undefined when it is any text. */
export function jsonTextOf(field: DescField): JsonText | undefined {
  return getOption(field, json) || undefined;
}
