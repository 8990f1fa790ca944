import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

type Entry = { engines?: { node?: string }; deprecated?: string; optional?: boolean };

const file = resolve(import.meta.dirname, '../../package-lock.json');
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> };

it('npm ci warns of no engine: the lock file carries none that npm could compare with the Node it runs on', () => {
  const installed = Object.entries(packages).filter(([path]) => path.includes('node_modules/'));
  expect(installed.length).toBeGreaterThan(500);
  expect(installed.filter(([, entry]) => entry.engines !== undefined)).toEqual([]);
});

it('says one line below Node 24, where npm installs the package that says it, and only there', () => {
  const { optional, engines, deprecated = '' } = packages['tools/repository/node-below-24'] ?? {};
  expect({ optional, engines }).toEqual({ optional: true, engines: { node: '<24' } });
  expect(deprecated.split('\n')).toHaveLength(1);
  expect(deprecated).toContain('Node 24');
});
