import { expect, it } from 'vitest';
import { createRandom } from '@agent-platform/harness';
import { createSenders } from './senders.ts';

const SENDERS = 100;
const senders = () =>
  createSenders({ senders: SENDERS, token: 'first', switchWithinMs: 1_000, random: createRandom('senders') });
const tokensAt = (all: ReturnType<typeof senders>, nowMs: number) =>
  Array.from({ length: SENDERS }, (_, n) => all.token(n, nowMs).token);

it('moves to the new token one after the other, and all in time', () => {
  const all = senders();
  all.rotated('second', 5_000);
  expect(new Set(tokensAt(all, 5_000))).toEqual(new Set(['first']));
  const half = tokensAt(all, 5_500).filter((token) => token === 'second').length;
  expect(half).toBeGreaterThan(SENDERS * 0.3);
  expect(half).toBeLessThan(SENDERS * 0.7);
  expect(new Set(tokensAt(all, 6_000))).toEqual(new Set(['second']));
});

it('never keeps a token for longer because there was yet another rotation', () => {
  const all = senders();
  all.rotated('second', 5_000);
  all.rotated('third', 5_900);
  expect(tokensAt(all, 6_000)).not.toContain('first');
  expect(tokensAt(all, 6_000)).not.toContain('second');
});
