import { fillRandom } from './random-bytes.ts';

/** Type prefixes of public ids. */
export type IdPrefix = 'agt' | 'skl' | 'trg' | 'src' | 'tok' | 'evt' | 'run' | 'dlv' | 'dlt';

/** Crockford's base 32 in lower case, as TypeID spells ids (https://github.com/jetify-com/typeid). */
const ALPHABET = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz');
/** Characters are gathered here: a string made of them one by one is kept as a chain that takes ten times the memory. */
const spelled = Buffer.alloc(26);

/** A fresh TypeID: the prefix and a UUIDv7 (RFC 9562 §5.7), so ids sort by the time they were made. */
export function newId(prefix: IdPrefix, nowMs: number = Date.now()): string {
  const bytes = fillRandom(new Uint8Array(16));
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(nowMs / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return encodeId(prefix, bytes);
}

/** The least id of all that are made at a time or later. */
export function firstIdAt(prefix: IdPrefix, time: Date): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, time.getTime()), 0, 6);
  return encodeId(prefix, bytes);
}

/** When an id of `newId` was made. */
export function timeOfId(id: string): Date {
  const spelledTime = id.slice(id.indexOf('_') + 1, id.indexOf('_') + 11);
  let ms = 0;
  for (const character of spelledTime) ms = ms * 32 + ALPHABET.indexOf(character);
  return new Date(ms);
}

/** An id made from 16 given bytes, such as a truncated hash: the same bytes give the same id anywhere. */
export function encodeId(prefix: IdPrefix, bytes: Uint8Array): string {
  let length = 0;
  // 128 bits in 26 characters of 5: the first one carries the 3 highest bits.
  let buffer = 0;
  let bits = 2;
  for (let i = 0; i < 16; i++) {
    buffer = (buffer << 8) | bytes[i]!;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      spelled[length++] = ALPHABET[(buffer >> bits) & 31]!;
    }
    buffer &= (1 << bits) - 1;
  }
  return `${prefix}_${spelled.toString('latin1')}`;
}
