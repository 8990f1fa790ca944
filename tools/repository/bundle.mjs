// Bundles a service into what its image needs and nothing more: `node bundle.mjs apps/ingest` writes apps/ingest/dist.
// The layout under dist is that of the sources, because programs look for migrations next to themselves.
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '../..');
const [app] = process.argv.slice(2);
const inApp = (path) => join(root, app, path);
const WORKER = 'src/threads/worker.ts';
/** Where each kind of SQL is, and where its program looks for it. */
const MIGRATIONS = [
  [inApp('prisma/migrations'), inApp('dist/prisma/migrations')],
  [join(root, 'libs/event-bus/migrations'), inApp('dist/migrations')],
];

rmSync(inApp('dist'), { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  platform: 'node',
  input: { main: inApp('src/main.ts'), ...(existsSync(inApp(WORKER)) && { worker: inApp(WORKER) }) },
  // Loaded only when it is installed.
  external: ['pg-native'],
  plugins: [
    {
      name: 'workers',
      transform: (code) => code.replaceAll(/new URL\('\.\/worker\.ts'/g, "new URL('./worker.js'"),
    },
  ],
});
await bundle.write({ dir: inApp('dist/src'), format: 'esm', entryFileNames: '[name].js' });
for (const [from, to] of MIGRATIONS) if (existsSync(from)) cpSync(from, to, { recursive: true });
