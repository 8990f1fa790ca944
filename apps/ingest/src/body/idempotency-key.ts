import type { FieldViolation } from '@agent-platform/errors';

const RULE = 'a string of 1-255 printable characters';

/**
 * Letters, marks, digits, punctuation, symbols and spaces, and the two joiners that scripts and emoji are spelled with:
 * no control characters, no halves of surrogate pairs.
 */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\u200c\u200d]{1,255}$/u;
const PRINTABLE_ASCII = /^[ -~]{1,255}$/;

/** A string of structured fields, as the draft of the header spells keys (draft-ietf-httpapi-idempotency-key-header). */
const QUOTED = /^"(?:[ !#-[\]-~]|\\["\\])*"$/;

/** The sender's key where its format has one. Absent is fine, and so is null; anything but a printable string is not. */
export function checkedKey(value: unknown, field: string, problems: FieldViolation[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && PRINTABLE.test(value)) return value;
  problems.push({ field, description: `${field} must be ${RULE}` });
  return undefined;
}

/** The sender's key in the header, which may be quoted or not: both spellings are the same key. */
export function keyOfHeader(header: string | undefined, problems: FieldViolation[]): string | undefined {
  if (header === undefined) return undefined;
  const key = QUOTED.test(header) ? header.slice(1, -1).replace(/\\(.)/g, '$1') : header;
  if (PRINTABLE_ASCII.test(key)) return key;
  problems.push({ field: 'Idempotency-Key', description: `The header Idempotency-Key must be ${RULE} of ASCII` });
  return undefined;
}
