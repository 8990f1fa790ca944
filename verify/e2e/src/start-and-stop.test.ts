import { execFile, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDataDir, until } from './fixture.ts';
import { allowForProcesses, freePort, startProcess } from './process.ts';

const isTrue = () => true;
const isFalse = () => false;

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended, as it should.
  }
}

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

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'leaves nothing running when npm gets %s, and its data in order',
    async (signal) => {
      await using dataDir = await temporaryDataDir();
      const PORT = String(await freePort());
      const npm = spawn('npm', ['start'], {
        env: { ...process.env, PORT, DATA_DIR: dataDir.path },
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
      });
      onTestFinished(() => void killGroup(npm.pid!));
      let output = '';
      npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await until('the platform is ready', async () => output.includes('is ready at'), 60_000);
      // The last that a clean stop does is to stop the database, which then removes its file.
      const postmaster = join(dataDir.path, 'postgres/data/postmaster.pid');
      const isThere = () =>
        stat(postmaster).then(
          () => true,
          () => false,
        );
      expect(await isThere()).toBe(true);
      npm.kill(signal);
      await until('the database has stopped', async () => !(await isThere()), 30_000);
      await until('the port is free', () => fetch(`http://127.0.0.1:${PORT}/healthz`).then(isFalse, isTrue), 10_000);
    },
  );

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
