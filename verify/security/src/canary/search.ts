import { formsOf } from './encodings.ts';
import type { Secret } from './secrets.ts';

export interface Hit {
  readonly secret: string;
  readonly form: string;
  readonly offset: number;
}

/** Finds every form of many secrets, in one pass over the content. */
export type Search = (content: Buffer) => Hit[];

const KEY_LENGTH = 4;
const SLOT_BITS = 20;
/** https://en.wikipedia.org/wiki/Hash_function#Fibonacci_hashing */
const slotOf = (key: number) => Math.imul(key, 0x9e3779b1) >>> (32 - SLOT_BITS);

export function createSearch(secrets: readonly Pick<Secret, 'name' | 'core'>[]): Search {
  const needles = secrets.flatMap(({ name, core }) =>
    formsOf(core).map(({ name: form, text }) => ({ secret: name, form, bytes: Buffer.from(text) })),
  );
  const byKey = Map.groupBy(needles, ({ bytes }) => bytes.readUInt32BE(0));
  // Most places are ruled out by a look at one byte.
  const used = new Uint8Array(2 ** SLOT_BITS);
  for (const key of byKey.keys()) used[slotOf(key)] = 1;
  return (content) => {
    const hits: Hit[] = [];
    let key = 0;
    for (let end = 0; end < content.length; end++) {
      key = ((key << 8) | content[end]!) >>> 0;
      if (end < KEY_LENGTH - 1 || used[slotOf(key)] === 0) continue;
      const offset = end - KEY_LENGTH + 1;
      for (const { secret, form, bytes } of byKey.get(key) ?? []) {
        if (content.subarray(offset, offset + bytes.length).equals(bytes)) hits.push({ secret, form, offset });
      }
    }
    return hits;
  };
}
