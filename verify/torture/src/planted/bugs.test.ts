import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scenarios } from '../scenarios/index.ts';
import { applyPatch, plantedBugs } from './bugs.ts';

const root = join(import.meta.dirname, '../../../..');

it.each(plantedBugs)('$name can be planted in the product as it is', async ({ patches, scenario }) => {
  expect(scenarios.map(({ name }) => name)).toContain(scenario);
  for (const patch of patches) {
    const source = await readFile(join(root, patch.module), 'utf8');
    expect(applyPatch(source, patch)).not.toBe(source);
  }
});

it('text that has changed since is an error, not a run that proves nothing', () => {
  const patch = { module: 'a.ts', find: 'b', replace: 'c' };
  expect(() => applyPatch('nothing of it', patch)).toThrow('0 times');
  expect(() => applyPatch('b and b', patch)).toThrow('2 times');
});
