import { expect, it } from 'vitest';
import { tryMutations } from '../../bench/try-mutations.ts';

it('a token with one character changed is refused without a look-up', async () => {
  expect(await tryMutations(20_000, 42)).toEqual({ tried: 20_000, refused: 20_000, lookUps: 0 });
});
