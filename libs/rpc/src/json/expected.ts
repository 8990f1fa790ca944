import { ScalarType, type DescField } from '@bufbuild/protobuf';
import { shortName } from './shape.ts';

const SCALARS: Record<ScalarType, string> = {
  [ScalarType.STRING]: 'a string',
  [ScalarType.BOOL]: 'true or false',
  [ScalarType.BYTES]: 'a string in base64',
  [ScalarType.DOUBLE]: 'a number',
  [ScalarType.FLOAT]: 'a number',
  [ScalarType.INT32]: 'an integer of 32 bits',
  [ScalarType.SINT32]: 'an integer of 32 bits',
  [ScalarType.SFIXED32]: 'an integer of 32 bits',
  [ScalarType.UINT32]: 'an integer of 32 bits, not negative',
  [ScalarType.FIXED32]: 'an integer of 32 bits, not negative',
  [ScalarType.INT64]: 'an integer of 64 bits',
  [ScalarType.SINT64]: 'an integer of 64 bits',
  [ScalarType.SFIXED64]: 'an integer of 64 bits',
  [ScalarType.UINT64]: 'an integer of 64 bits, not negative',
  [ScalarType.FIXED64]: 'an integer of 64 bits, not negative',
};

const WELL_KNOWN: Readonly<Record<string, string>> = {
  'google.protobuf.Timestamp': 'a time such as "2026-01-31T12:00:00Z"',
  'google.protobuf.Duration': 'a duration in seconds such as "3600s"',
  'google.protobuf.FieldMask': 'field names separated by commas',
  'google.protobuf.Value': 'JSON with at most 100 levels',
  'google.protobuf.Struct': 'an object with at most 100 levels',
  'google.protobuf.ListValue': 'an array with at most 100 levels',
};

/** What a field, or one element of it, takes; for people. */
export function expected(field: DescField): string {
  if (field.enum) {
    // The zero value means that nothing was said, and leaving the field out says the same.
    const values = field.enum.values.filter(({ number }) => number !== 0);
    return `one of ${values.map(({ name }) => shortName(field.enum, name)).join(', ')}`;
  }
  if (field.message) return WELL_KNOWN[field.message.typeName] ?? 'an object';
  return SCALARS[field.scalar];
}
