// Preloaded with --import: gives this process the bug that TORTURE_PLANT names, while its modules are loaded.
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { applyPatch, PLANT_VARIABLE, plantedBugs, plantedLine } from './bugs.ts';

const root = join(import.meta.dirname, '../../../..');
const bug = plantedBugs.find(({ name }) => name === process.env[PLANT_VARIABLE])!;
const urlOf = (module: string) => pathToFileURL(join(root, module)).href;

// https://nodejs.org/docs/latest-v24.x/api/module.html#synchronous-hooks-accepted-by-moduleregisterhooks
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const patches = bug.patches.filter(({ module }) => urlOf(module) === url);
    if (patches.length === 0) return loaded;
    const before = Buffer.from(loaded.source as Uint8Array).toString();
    const source = patches.reduce(applyPatch, before);
    for (const patch of patches) process.stderr.write(`${plantedLine(patch)}\n`);
    return { ...loaded, source };
  },
});
