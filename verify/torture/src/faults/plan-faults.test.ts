import { expect, it } from 'vitest';
import { createRandom } from '@agent-platform/harness';
import { planFaults } from './plan-faults.ts';

const processes = ['ingest-1', 'ingest-2', 'dispatcher-1', 'token-service'];
const plan = (seed: string, minutes = 10) => planFaults(createRandom(seed), processes, minutes * 60_000);

it('a seed repeats every decision, another seed takes others', () => {
  expect(plan('7')).toEqual(plan('7'));
  expect(plan('7')).not.toEqual(plan('8'));
});

it('ten minutes are at least fifty kills, whatever the seed', () => {
  const kills = Array.from({ length: 50 }, (_, seed) => plan(String(seed)).filter(({ kind }) => kind === 'kill'));
  expect(Math.min(...kills.map(({ length }) => length))).toBeGreaterThanOrEqual(50);
});

it('every process has its turn before one has its second', () => {
  for (const round of [0, 4, 8]) {
    const turn = plan('7').slice(round, round + 4);
    expect(new Set(turn.map(({ process }) => process))).toEqual(new Set(processes));
  }
});

it('what others draw from the seed changes nothing', () => {
  const random = createRandom('7');
  const before = random.fork('faults').next();
  random.fork('load').next();
  random.next();
  expect(random.fork('faults').next()).toBe(before);
});
