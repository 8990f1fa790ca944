// Writes the generated code, none of which is in git: protobuf's (buf) and the Prisma clients. Only where something it is
// made from has changed, so that every program, the tests, lint and typecheck can each ask for it. With the path of
// a package: only that package's.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const inRoot = (path) => join(root, path);

const SOURCES = [
  {
    output: 'libs/proto/src/generated',
    inputs: ['buf.yaml', 'buf.gen.yaml', ...protos()],
    tools: ['@bufbuild/buf', '@bufbuild/protoc-gen-es'],
    command: ['buf', 'generate'],
  },
  ...schemas().map((schema) => ({
    output: join(dirname(schema), '../src/generated'),
    inputs: [schema],
    tools: ['prisma'],
    command: ['prisma', 'generate', '--schema', schema],
  })),
];

function protos() {
  const files = readdirSync(inRoot('proto'), { recursive: true }).map((file) => join('proto', file));
  return files.filter((file) => file.endsWith('.proto'));
}

function schemas() {
  return readdirSync(inRoot('apps'))
    .map((app) => join('apps', app, 'prisma/schema.prisma'))
    .filter((schema) => existsSync(inRoot(schema)));
}

/** In each output: a digest of what it was made from, and its files. Git may have removed some of them since. */
const STAMP = '.made-from.json';

function digest({ inputs, tools }) {
  const hash = createHash('sha256');
  const files = [...inputs, ...tools.map((tool) => `node_modules/${tool}/package.json`)];
  for (const file of files.toSorted())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(inRoot(file)))
      .update('\0');
  return hash.digest('hex');
}

function isStale(source) {
  const stamp = inRoot(join(source.output, STAMP));
  if (!existsSync(stamp)) return true;
  const { madeFrom, files } = JSON.parse(readFileSync(stamp, 'utf8'));
  return madeFrom !== digest(source) || files.some((file) => !existsSync(inRoot(join(source.output, file))));
}

async function generate(source) {
  const [name, ...args] = source.command;
  await promisify(execFile)(inRoot(`node_modules/.bin/${name}`), args, {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${inRoot('node_modules/.bin')}${delimiter}${process.env.PATH}`,
      // `prisma generate` insists on a schema engine that it never starts, and would download one.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  });
  const files = readdirSync(inRoot(source.output), { recursive: true });
  writeFileSync(inRoot(join(source.output, STAMP)), JSON.stringify({ madeFrom: digest(source), files }));
}

const [only = ''] = process.argv[1] === import.meta.filename ? process.argv.slice(2) : [];
const wanted = SOURCES.filter(({ output }) => output.startsWith(only));
if (existsSync(inRoot('node_modules/.bin/prisma'))) {
  const stale = wanted.filter(isStale);
  if (stale.length > 0)
    console.error(`Generating ${stale.map(({ output }) => output).join(', ')} (once, about 10 s) …`);
  await Promise.all(stale.map(generate));
} else if (wanted.some(({ output }) => !existsSync(inRoot(output)))) {
  console.error('Code is not generated: what generates it is a development dependency (npm ci --include=dev).');
}
