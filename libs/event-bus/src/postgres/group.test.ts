import { expect, it } from 'vitest';
import { fairShare } from './group.ts';

it.each([
  [12, 1],
  [12, 5],
  [4, 3],
  [2, 3],
])('%i partitions are shared among %i members completely, and evenly', (partitions, count) => {
  const members = Array.from({ length: count }, (_, i) => `m${i}`);
  const shares = members.map((me) =>
    fairShare(
      me,
      members.filter((other) => other !== me),
      partitions,
    ),
  );
  expect(shares.reduce((sum, share) => sum + share)).toBe(partitions);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
});
