/** A value of a parameter; node-postgres asks for it at the moment it writes the message to the server. */
interface Parameter {
  toPostgres(): Buffer;
}

/** PostgreSQL's numbers of the element types. */
const BYTEA = 17;
const TEXT = 25;
const HEAD_BYTES = 20;
const LENGTH_BYTES = 4;
const MAX_BYTES_PER_CHARACTER = 3;

// Arrays as PostgreSQL receives them in binary
// (https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/arrayfuncs.c, array_recv).
// node-postgres would send text, with every quote escaped and every byte of a bytea as two hexadecimal digits.

/**
 * Written anew for each parameter: node-postgres copies it at once, and memory for each would be most of the garbage.
 * Room for a batch of the batcher; what is larger gets memory of its own.
 */
const scratch = Buffer.allocUnsafeSlow(2 * 1024 * 1024);

/** Of type `text[]`. */
export function textArray(elements: readonly string[]): Parameter {
  return {
    toPostgres() {
      const characters = elements.reduce((sum, { length }) => sum + length, 0);
      const out = allocate(TEXT, elements.length, characters * MAX_BYTES_PER_CHARACTER);
      let at = HEAD_BYTES;
      for (const element of elements) {
        const length = out.write(element, at + LENGTH_BYTES);
        at = out.writeInt32BE(length, at) + length;
      }
      return out.subarray(0, at);
    },
  };
}

/** Of type `bytea[]`. */
export function byteaArray(elements: readonly Uint8Array[]): Parameter {
  return {
    toPostgres() {
      const bytes = elements.reduce((sum, { byteLength }) => sum + byteLength, 0);
      const out = allocate(BYTEA, elements.length, bytes);
      let at = HEAD_BYTES;
      for (const element of elements) {
        at = out.writeInt32BE(element.byteLength, at);
        out.set(element, at);
        at += element.byteLength;
      }
      return out.subarray(0, at);
    },
  };
}

/** Of type `int[]`: short as text. */
export function intArray(elements: Iterable<number>): string {
  return `{${[...elements].join(',')}}`;
}

/** With its head: dimensions, whether there are nulls, element type, length and first index. */
function allocate(type: number, length: number, bytes: number): Buffer {
  const size = HEAD_BYTES + length * LENGTH_BYTES + bytes;
  const out = size <= scratch.length ? scratch : Buffer.allocUnsafe(size);
  for (const [i, field] of [1, 0, type, length, 1].entries()) out.writeInt32BE(field, i * LENGTH_BYTES);
  return out;
}
