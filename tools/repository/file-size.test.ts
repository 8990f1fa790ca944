import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const LIMIT = 300;
const root = resolve(import.meta.dirname, '../..');

it(`no file is longer than ${LIMIT} lines, so that each can be held in the head`, () => {
  const files = globSync('{apps,libs,tools,verify,examples,proto/agentplatform}/**/*.{ts,mjs,proto,sql,prisma}', {
    cwd: root,
    exclude: ['**/node_modules/**', '**/generated/**'],
  });
  expect(files.length).toBeGreaterThan(50);
  const lines = (file: string) => readFileSync(join(root, file), 'utf8').split('\n').length - 1;
  expect(files.filter((file) => lines(file) > LIMIT)).toEqual([]);
});
