import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs program.ts in a process of its own and sends it signals once it is ready, each after a pause. */
async function end(behaviour: string, ...signals: [signal: NodeJS.Signals, afterMs: number][]): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('program.ts', import.meta.url)), behaviour]);
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      ended.stdout += data.toString();
      if (ended.stdout.includes('ready')) resolve();
    });
  });
  child.stderr.on('data', (data: Buffer) => (ended.stderr += data.toString()));
  const closed = once(child, 'close') as Promise<[number | null]>;
  if (signals.length > 0) await ready;
  for (const [signal, afterMs] of signals) {
    await sleep(afterMs);
    child.kill(signal);
  }
  [ended.code] = await closed;
  return ended;
}

describe('a running program', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('stops cleanly on %s, with 0', async (signal) => {
    const { code, stdout, stderr } = await end('', [signal, 0]);
    expect(stdout).toBe('ready\ndisposing\ndisposed\n');
    expect(stderr).toContain('"msg":"stopped"');
    expect(code).toBe(0);
  });

  it('takes Ctrl-C under npm, which arrives twice, for one', async () => {
    const { code, stdout } = await end('stop slowly', ['SIGINT', 0], ['SIGINT', 20]);
    expect(stdout).toContain('disposed');
    expect(code).toBe(0);
  });

  it('ends at once on a second signal', async () => {
    const { code, stdout } = await end('stop slowly', ['SIGTERM', 0], ['SIGINT', 1_200]);
    expect(stdout).toBe('ready\ndisposing\n');
    expect(code).toBe(130);
  });

  it('ends when it does not stop within the deadline, with 1', async () => {
    const { code, stderr } = await end('stop never', ['SIGTERM', 0]);
    expect(stderr).toContain('did not stop in time');
    expect(code).toBe(1);
  });

  it('stops while it still starts, with 0', async () => {
    const { code, stderr } = await end('start for ever', ['SIGINT', 0]);
    expect(stderr).not.toContain('"level":"fatal"');
    expect(code).toBe(0);
  });

  it('says in a paragraph for people why it cannot start, with 1', async () => {
    const { code, stderr } = await end('config error');
    expect(stderr).toBe('program could not start. PORT is "x"; expected …\n');
    expect(code).toBe(1);
  });

  it.each([
    ['bug', 'a bug'],
    ['throw later', 'unhandled'],
    ['reject later', 'unhandled'],
  ])('ends with 1 and the stack in the log: %s', async (behaviour, message) => {
    const { code, stderr } = await end(behaviour);
    const line = JSON.parse(stderr) as { level: string; err: { message: string; stack: string } };
    expect(line).toMatchObject({ level: 'fatal', err: { message } });
    expect(line.err.stack).toContain('program.ts');
    expect(code).toBe(1);
  });

  it('ends with 1 when its stop fails', async () => {
    const { code, stderr } = await end('stop badly', ['SIGTERM', 0]);
    expect(stderr).toContain('did not stop cleanly');
    expect(code).toBe(1);
  });
});
