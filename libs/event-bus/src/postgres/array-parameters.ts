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

/** Written anew for each parameter, which is copied from here at once: memory per batch would be most of the garbage. */
let scratch = Buffer.alloc(0);

/** Of type `text[]`. */
export function textArray(elements: readonly string[]): Parameter {
  return {
    toPostgres() {
      const characters = elements.reduce((sum, { length }) => sum + length, 0);
      let at = writeHead(TEXT, elements.length, characters * MAX_BYTES_PER_CHARACTER);
      for (const element of elements) {
        const length = scratch.write(element, at + LENGTH_BYTES);
        at = scratch.writeInt32BE(length, at) + length;
      }
      return scratch.subarray(0, at);
    },
  };
}

/** Of type `bytea[]`. */
export function byteaArray(elements: readonly Uint8Array[]): Parameter {
  return {
    toPostgres() {
      const bytes = elements.reduce((sum, { byteLength }) => sum + byteLength, 0);
      let at = writeHead(BYTEA, elements.length, bytes);
      for (const element of elements) {
        at = scratch.writeInt32BE(element.byteLength, at);
        scratch.set(element, at);
        at += element.byteLength;
      }
      return scratch.subarray(0, at);
    },
  };
}

/** Of type `int[]`: short as text. */
export function intArray(elements: Iterable<number>): string {
  return `{${[...elements].join(',')}}`;
}

/** Dimensions, whether there are nulls, element type, length and first index. @returns where the elements start. */
function writeHead(type: number, length: number, bytes: number): number {
  const size = HEAD_BYTES + length * LENGTH_BYTES + bytes;
  if (scratch.length < size) scratch = Buffer.allocUnsafeSlow(size);
  for (const [i, field] of [1, 0, type, length, 1].entries()) scratch.writeInt32BE(field, i * LENGTH_BYTES);
  return HEAD_BYTES;
}
