import type { DescField, Message } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { Resource, Row } from './resource.ts';
import type { Problems } from './problems.ts';

/** What must hold for every resource, whatever it is, beyond the rules of the proto. */
export function checkCommon<M extends Message, R extends Row>(
  resource: Resource<M, R>,
  wanted: M,
  required: readonly string[],
): Problems {
  const message = reflect(resource.schema, wanted);
  const missing = fieldsNamed(message, required).filter((field) => !message.isSet(field));
  return [
    ...missing.map((field) => ({ field: `${resource.field}.${field.name}`, description: 'is required' })),
    ...zeroCharacters(message, resource.field),
  ];
}

function fieldsNamed(message: ReflectMessage, names: readonly string[]): DescField[] {
  return message.fields.filter((field) => names.includes(field.name));
}

/** PostgreSQL has no U+0000 in texts. */
function zeroCharacters(message: ReflectMessage, path: string): Problems {
  return message.fields.flatMap((field): Problems => {
    if (!message.isSet(field)) return [];
    const name = `${path}.${field.name}`;
    const value: unknown = message.get(field);
    if (field.fieldKind === 'message' && !field.message.typeName.startsWith('google.')) {
      return zeroCharacters(value as ReflectMessage, name);
    }
    const texts = field.fieldKind === 'list' ? [...(value as Iterable<unknown>)] : [value];
    const bad = texts.some((text) => typeof text === 'string' && text.includes('\0'));
    return bad ? [{ field: name, description: 'must not contain the character U+0000' }] : [];
  });
}
