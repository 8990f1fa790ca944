import { expect, it } from 'vitest';
import { createRandom } from '@agent-platform/harness';
import { measureMutations } from './check.ts';

it('a token with one wrong character is refused, and nobody is asked', async () => {
  const { rows, problems } = await measureMutations({ random: createRandom('42'), tokens: 200, mutations: 20_000 });
  expect(problems).toEqual([]);
  expect(rows).toContainEqual(expect.objectContaining({ what: 'look-ups for them', measured: '0' }));
});
