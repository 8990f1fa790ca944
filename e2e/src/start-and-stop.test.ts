import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryDataDir } from './fixture.ts';
import { allowForProcesses, freePort, startProcess } from './process.ts';

describe('npm start', () => {
  allowForProcesses();

  it('prints curls that work when pasted', async () => {
    await using dataDir = await temporaryDataDir();
    await using platform = await startProcess({ PORT: String(await freePort()), DATA_DIR: dataDir.path });
    const commands = /^# 1\.[^]*?^# 4\.[^\n]*\n[^\n]*\n/m.exec(platform.output())?.[0] ?? '';
    const { stdout } = await promisify(execFile)('bash', ['-c', commands]);
    expect(stdout).toContain('"status":"accepted"');
  });

  it('a second one on the same data refuses and leaves the first alone', async () => {
    await using dataDir = await temporaryDataDir();
    await using first = await startProcess({ PORT: String(await freePort()), DATA_DIR: dataDir.path });
    const second = startProcess({ PORT: String(await freePort()), DATA_DIR: dataDir.path });
    await expect(second).rejects.toThrow(/could not start/);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  });

  it('a port that is taken is named', async () => {
    await using dataDir = await temporaryDataDir();
    await using other = await temporaryDataDir();
    const PORT = String(await freePort());
    await using _first = await startProcess({ PORT, DATA_DIR: dataDir.path });
    const child = promisify(execFile)('node', ['apps/platform/src/main.ts'], {
      env: { ...process.env, PORT, DATA_DIR: other.path },
    });
    await expect(child).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(PORT) as string });
  });
});
