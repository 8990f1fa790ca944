import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
let tree: string;

function write(file: string, text: string): void {
  mkdirSync(dirname(join(tree, file)), { recursive: true });
  writeFileSync(join(tree, file), text);
}

/** The names of the rules a tree with this one file in it breaks. */
function broken(file: string, text: string): string[] {
  write(file, text);
  try {
    const args = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'apps', 'libs', 'tools', 'verify'];
    const json = execFileSync(join(root, 'node_modules/.bin/depcruise'), args, { cwd: tree, encoding: 'utf8' });
    const report = JSON.parse(json) as { summary: { violations: { rule: { name: string } }[] } };
    return [...new Set(report.summary.violations.map((violation) => violation.rule.name))];
  } finally {
    rmSync(join(tree, file));
  }
}

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'boundaries-'));
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.base.json', 'node_modules']) {
    symlinkSync(join(root, file), join(tree, file));
  }
  write('apps/ingest/src/index.ts', 'export const ingest = 1;\n');
  write('apps/ingest/src/config.ts', 'export const config = 1;\n');
  write('apps/dispatcher/src/index.ts', 'export const dispatcher = 1;\n');
  write('apps/dispatcher/src/execution/run.ts', 'export const run = 1;\n');
  write('libs/event-bus/src/bus-kafka.ts', 'export const kafka = 1;\n');
  write('libs/embedded-postgres/src/index.ts', 'export const postgres = 1;\n');
  write('libs/testing/src/index.ts', 'export const testing = 1;\n');
  write('tools/cluster/src/index.ts', 'export const cluster = 1;\n');
  write('verify/e2e/src/index.ts', 'export const e2e = 1;\n');
  const dependencies = {
    pg: '*',
    jose: '*',
    undici: '*',
    kafkajs: '*',
    'embedded-postgres': '*',
    '@prisma/client': '*',
  };
  for (const name of ['apps/ingest', 'apps/dispatcher', 'libs/event-bus', 'libs/runtime']) {
    write(`${name}/package.json`, JSON.stringify({ name, version: '0.1.0', dependencies }));
  }
});

afterAll(() => rmSync(tree, { recursive: true }));

describe('the boundary check', () => {
  it('passes a tree that keeps them', () => {
    expect(broken('apps/ingest/src/x.ts', 'export const x = 1;\n')).toEqual([]);
  });

  it.each([
    ['services-do-not-import-services', 'apps/ingest/src/x.ts', '../../dispatcher/src/index.ts'],
    ['libraries-do-not-import-apps', 'libs/runtime/src/x.ts', '../../../apps/ingest/src/index.ts'],
    ['nothing-depends-on-tools', 'apps/ingest/src/x.ts', '../../../tools/cluster/src/index.ts'],
    ['apps-are-used-as-they-are-exported', 'verify/e2e/src/x.ts', '../../../apps/ingest/src/config.ts'],
    ['services-do-not-bring-their-own-world', 'apps/ingest/src/x.ts', '../../../libs/embedded-postgres/src/index.ts'],
    ['embedded-postgres-only-in-its-library', 'apps/ingest/src/x.ts', 'embedded-postgres'],
    ['the-bus-has-no-favourite-driver', 'apps/ingest/src/x.ts', '../../../libs/event-bus/src/bus-kafka.ts'],
    ['testing-is-for-tests', 'apps/ingest/src/x.ts', '../../../libs/testing/src/index.ts'],
    ['the-store-knows-no-domain', 'apps/dispatcher/src/store/x.ts', '../execution/run.ts'],
    ['pg-only-in-its-library', 'apps/ingest/src/x.ts', 'pg'],
    ['prisma-only-in-its-library', 'apps/ingest/src/x.ts', '@prisma/client'],
    ['jose-only-in-its-library', 'libs/runtime/src/x.ts', 'jose'],
    ['kafkajs-only-in-its-library', 'apps/dispatcher/src/x.ts', 'kafkajs'],
    ['undici-only-in-its-library', 'apps/dispatcher/src/x.ts', 'undici'],
    ['declared-dependencies', 'libs/runtime/src/x.ts', 'fastify'],
    ['no-cycles', 'libs/runtime/src/x.ts', './x.ts'],
  ])('catches a planted violation of %s', (rule, file, imported) => {
    expect(broken(file, `import * as planted from '${imported}';\nexport { planted };\n`)).toContain(rule);
  });
});
