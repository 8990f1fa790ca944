/** PostgreSQL's numbers of the element types. */
const BYTEA = 17;
const TEXT = 25;
const HEAD_BYTES = 20;
const LENGTH_BYTES = 4;
const MAX_BYTES_PER_CHARACTER = 3;

// Arrays as PostgreSQL sends and receives them in binary
// (https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/arrayfuncs.c, array_recv).
// node-postgres passes a Buffer on as it is; of an array it would make text, with every quote escaped and every byte
// of a bytea as two hexadecimal digits.

/** A parameter of type `text[]`. */
export function textArray(elements: readonly string[]): Buffer {
  const characters = elements.reduce((sum, { length }) => sum + length, 0);
  const out = allocate(TEXT, elements.length, characters * MAX_BYTES_PER_CHARACTER);
  let at = HEAD_BYTES;
  for (const element of elements) {
    const length = out.write(element, at + LENGTH_BYTES);
    at = out.writeInt32BE(length, at) + length;
  }
  return out.subarray(0, at);
}

/** A parameter of type `bytea[]`. */
export function byteaArray(elements: readonly Uint8Array[]): Buffer {
  const bytes = elements.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const out = allocate(BYTEA, elements.length, bytes);
  let at = HEAD_BYTES;
  for (const element of elements) {
    at = out.writeInt32BE(element.byteLength, at);
    out.set(element, at);
    at += element.byteLength;
  }
  return out;
}

/** With its head written: dimensions, whether there are nulls, element type, length and first index. */
function allocate(type: number, length: number, bytes: number): Buffer {
  const out = Buffer.allocUnsafe(HEAD_BYTES + length * LENGTH_BYTES + bytes);
  for (const [i, field] of [1, 0, type, length, 1].entries()) out.writeInt32BE(field, i * LENGTH_BYTES);
  return out;
}
