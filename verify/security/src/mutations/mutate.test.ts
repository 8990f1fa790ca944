import { describe, expect, it } from 'vitest';
import { createRandom } from '@agent-platform/harness';
import { mutate, MUTATIONS } from './mutate.ts';

const TOKEN = 'whk_0aB1cD2eF3';

describe('mutate', () => {
  it.each(MUTATIONS)('changes exactly one character: %s', (kind) => {
    const random = createRandom(kind);
    const lengths = { substitution: 0, case: 0, deletion: -1, insertion: 1 };
    for (let i = 0; i < 2_000; i++) {
      const mutated = mutate(TOKEN, kind, random);
      expect(mutated).not.toBe(TOKEN);
      expect(mutated.length).toBe(TOKEN.length + lengths[kind]);
      expect(commonAround(TOKEN, mutated)).toBeGreaterThanOrEqual(Math.min(TOKEN.length, mutated.length) - 1);
      if (kind === 'case') expect(mutated.toLowerCase()).toBe(TOKEN.toLowerCase());
    }
  });

  it('reaches every place', () => {
    const random = createRandom('places');
    const places = new Set(
      Array.from({ length: 2_000 }, () => {
        const mutated = mutate(TOKEN, 'substitution', random);
        return [...mutated].findIndex((character, i) => character !== TOKEN[i]);
      }),
    );
    expect(places.size).toBe(TOKEN.length);
  });
});

/** How many characters the two have in common, from the start and from the end. */
function commonAround(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return start + end;
}
