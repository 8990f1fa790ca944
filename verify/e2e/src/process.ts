import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { vi } from 'vitest';
import { until } from './fixture.ts';

const root = join(import.meta.dirname, '../../..');

/** A port nobody listens on, for a process that has to come back on the same one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Six processes start on two processors, and Kafka waits for a killed consumer until its session has ended. */
export function allowForProcesses(): void {
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
}

export const PLATFORM = ['apps/platform/src/main.ts'];

/**
 * `npm start`, or another program that says when it "is ready", as a process of its own. What it prints is collected in
 * `output`.
 */
export async function startProcess(env: { PORT: string } & NodeJS.ProcessEnv, program = PLATFORM) {
  const child = spawn('node', ['--import', './tools/repository/require-node.mjs', ...program], {
    cwd: root,
    env: { ...process.env, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = `http://127.0.0.1:${env.PORT}`;
  const readyWithinMs = 60_000;
  await until(
    'the platform is ready',
    async () => {
      if (child.exitCode !== null) throw new Error(`the platform ended with ${child.exitCode}:\n${output}`);
      return output.includes(`is ready at ${url}`);
    },
    readyWithinMs,
  );
  return {
    url,
    output: () => output,
    /** Resolves with the exit code, null when the signal ended it. */
    stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
      child.kill(signal);
      return exited;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await exited;
    },
  };
}
