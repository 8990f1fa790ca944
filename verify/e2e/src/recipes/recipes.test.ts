import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPlatform } from '../fixture.ts';
import { startSeedServer } from '../seed-server.ts';
import { startHangingUp } from './hanging-up.ts';
import { difference, recipesOf } from './page.ts';
import { openShell, type Shell } from './shell.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
const root = join(import.meta.dirname, '../../../..');
const recipes = recipesOf(await readFile(join(root, 'docs/recipes.md'), 'utf8'));
/** Where the page says that things are. */
const PLATFORM = 'http://127.0.0.1:8080';
const MCP_SERVER = 'http://127.0.0.1:3000/mcp';

describe('docs/recipes.md, command for command', () => {
  const resources = new AsyncDisposableStack();
  let shell: Shell;
  let addresses: Record<string, string>;
  beforeAll(async () => {
    const platform = resources.use(await startPlatform());
    const server = resources.use(await startSeedServer('sk-your-configured-token'));
    const before = resources.use(await startHangingUp({ url: server.url, on: 'INV-LOST' }));
    shell = resources.use(await openShell());
    addresses = { [PLATFORM]: platform.url, [MCP_SERVER]: before.url };
  });
  afterAll(() => resources.disposeAsync());

  it.each(recipes)('$title', async ({ script, waits, expected }) => {
    const here = script.replaceAll(/http:\/\/127\.0\.0\.1:(?:8080|3000\/mcp)/g, (address) => addresses[address]!);
    const run = async () => {
      const printed = await shell.run(here);
      if (expected) expect(difference(expected, printed)).toBeUndefined();
    };
    await (waits ? vi.waitFor(run, PATIENCE) : run());
  });

  it('is linked by the README', async () => {
    expect(await readFile(join(root, 'README.md'), 'utf8')).toContain('docs/recipes.md');
    expect(recipes.length).toBeGreaterThan(20);
  });
});
