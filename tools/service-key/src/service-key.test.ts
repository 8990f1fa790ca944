import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, 'service-key.ts');

it('npm run service-key makes a key pair, then a second one, then retires the first', { timeout: 60_000 }, async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'service-key-'));
  try {
    const command = (...args: string[]) => run(process.execPath, [PROGRAM, ...args], { cwd });
    const ids = async () => {
      const sets = JSON.parse(await readFile(join(cwd, 'service-keys.json'), 'utf8')) as {
        ingest: { keys: { kid: string }[] };
      };
      return sets.ingest.keys.map(({ kid }) => kid);
    };
    await command('ingest', '--private-key', 'ingest.jwk');
    const [first] = await ids();
    await command('ingest', '--private-key', 'ingest-2.jwk');
    const [, second] = await ids();
    expect((await command('ingest', '--retire')).stdout).toContain(first);
    expect(await ids()).toEqual([second]);
    expect(await readdir(cwd)).toEqual(['ingest-2.jwk', 'ingest.jwk', 'service-keys.json']);
    for (const wrong of [['payroll', '--private-key', 'x'], ['ingest'], ['ingest', '--private-key', 'ingest.jwk']]) {
      await expect(command(...wrong)).rejects.toMatchObject({ code: 1 });
    }
  } finally {
    await rm(cwd, { recursive: true });
  }
});
