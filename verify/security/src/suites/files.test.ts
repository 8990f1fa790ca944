import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SUITES } from './files.ts';

const root = join(import.meta.dirname, '../../../..');

it('every suite that proves a promise is there', () => {
  const names = Object.values(SUITES).flat();
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => globSync(name, { cwd: root }).length === 0)).toEqual([]);
});
