import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Platform } from '@agent-platform/platform';
import { createTestDatabase, sharedKafka } from '@agent-platform/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { platformUrl } from '@agent-platform/examples/platform-url';
import { until } from './fixture.ts';
import { allowForProcesses, freePort, startProcess } from './process.ts';

const kafka = await sharedKafka();

if (kafka.kind === 'none') describe.skip(`npm run cluster: ${kafka.reason}`);
else describeLauncher({ KAFKA_BROKERS: kafka.brokers.join(',') });

function describeLauncher(shared: { KAFKA_BROKERS: string }): void {
  const program = ['tools/cluster/src/main.ts', '--ingests', '2'];

  /** Processes and directory, as the launcher prints them. */
  const read = (output: string) => ({
    services: [...output.matchAll(/^ {2}[\w-]+ +(\d+) +(http:\S+) +http:\S+\/metrics$/gm)].map(([, pid, url]) => ({
      pid: Number(pid),
      url: url!,
    })),
    directory: /^ {2}logs +(\S+)\/\*\.log$/m.exec(output)![1]!,
  });
  const answers = (url: string) =>
    fetch(`${url}/healthz`).then(
      () => true,
      () => false,
    );
  const isThere = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );

  describe('npm run cluster', () => {
    allowForProcesses();
    it('prints curls that work when pasted, and stops everything at Ctrl-C', async () => {
      await using server = await createTestDatabase();
      const env = { ...shared, PORT: String(await freePort()), DATABASE_URL: server.url };
      await using launcher = await startProcess(env, program);
      const commands = /^# 1\.[^]*?^# 4\.[^\n]*\n[^\n]*\n/m.exec(launcher.output())?.[0] ?? '';
      const { stdout } = await promisify(execFile)('bash', ['-c', commands]);
      expect(stdout).toContain('"status":"accepted"');
      // The demo uses it, and starts nothing.
      vi.stubEnv('PORT', env.PORT);
      onTestFinished(() => void vi.unstubAllEnvs());
      await using demo = await platformUrl();
      expect(demo).not.toBeInstanceOf(Platform);

      const { services, directory } = read(launcher.output());
      expect(services).toHaveLength(5);
      expect(await launcher.stop('SIGINT')).toBe(0);
      for (const { url } of services) expect(await answers(url)).toBe(false);
      expect(await isThere(directory)).toBe(false);
    });

    it('leaves no process behind when it is killed, not even one that is held', async () => {
      // With a PostgreSQL of its own.
      await using launcher = await startProcess({ ...shared, PORT: String(await freePort()) }, program);
      const { services, directory } = read(launcher.output());
      const postmaster = (await readFile(`${directory}/postgres/data/postmaster.pid`, 'utf8')).split('\n');
      process.kill(services[0]!.pid, 'SIGSTOP');
      await launcher.stop('SIGKILL');
      await until('the services are gone', async () => {
        const alive = await Promise.all(services.map(({ url }) => answers(url)));
        return !alive.includes(true);
      });
      await until('PostgreSQL is gone', async () => !(await answers(`http://127.0.0.1:${postmaster[3]}`)));
      await until('the directory is gone', async () => !(await isThere(directory)));
    });
  });
}
