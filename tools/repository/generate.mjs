// Writes the generated code: protobuf (buf) and the Prisma clients; and trims package-lock.json. With --check: fails when
// that changes anything.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { withoutSatisfiedEngines } from './lockfile.mjs';

const LOCKFILE = 'package-lock.json';
const GENERATED = ['{apps,libs}/*/src/generated/**/*.ts', LOCKFILE];

function snapshot() {
  return new Map(globSync(GENERATED).map((file) => [file, readFileSync(file, 'utf8')]));
}

function command(name, args) {
  execFileSync(`node_modules/.bin/${name}`, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    // `prisma generate` insists on a schema engine that it never starts, and would download one.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  });
}

const before = snapshot();
writeFileSync(LOCKFILE, withoutSatisfiedEngines(before.get(LOCKFILE)));
command('buf', ['generate']);
for (const schema of globSync('apps/*/prisma/schema.prisma')) command('prisma', ['generate', '--schema', schema]);

if (process.argv.includes('--check')) {
  const after = snapshot();
  const stale = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  if (stale.length > 0) {
    console.error(`Generated code was not up to date; run "npm run generate" and commit:\n  ${stale.join('\n  ')}`);
    process.exit(1);
  }
  console.log(`generated code is up to date (${after.size} files)`);
}
