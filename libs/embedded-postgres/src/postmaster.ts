import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from './place.ts';

export interface Postmaster {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Recovery after a crash replays the log first. */
const READY_WITHIN_MS = 60_000;
const ATTEMPTS = 5;
/** Somebody took the port in between, or the last processes of a killed server still hold its shared memory. */
const PASSING = /could not create any TCP\/IP sockets|pre-existing shared memory block/;

/** Starts the server on a free port of 127.0.0.1 and waits until it takes connections. */
export async function startPostmaster(program: string, place: Place, durable: boolean): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = place.spawn(program, ['-D', `${place.base}/data`, ...settings(port, durable)]);
    // 'error' (the program cannot be run) comes without 'exit'.
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
    if (await isReady(child, place, ended)) {
      child.unref();
      return { child, port };
    }
    const failure = await place.failure('The database did not start.');
    if (attempt === ATTEMPTS || !PASSING.test(failure.message)) throw failure;
    await sleep(200 * attempt);
  }
}

/** Lets open transactions go, writes a checkpoint and ends; without one if that takes too long. */
export async function stopPostmaster(child: ChildProcess): Promise<void> {
  child.ref();
  for (const [signal, waitMs] of [
    ['SIGINT', 5_000],
    ['SIGQUIT', 2_000],
    ['SIGKILL', 2_000],
  ] as const) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timeout = AbortSignal.timeout(waitMs);
    child.kill(signal);
    await once(child, 'exit', { signal: timeout }).catch(() => undefined);
  }
}

function settings(port: number, durable: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    fsync: durable ? 'on' : 'off',
    synchronous_commit: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    // A failed statement is the caller's to log; here it could show values of rows.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function isReady(child: ChildProcess, place: Place, ended: Promise<void>): Promise<boolean> {
  const pidFile = join(place.directory, 'data', 'postmaster.pid');
  let running = true;
  void ended.then(() => (running = false));
  for (const until = performance.now() + READY_WITHIN_MS; performance.now() < until; await sleep(10)) {
    if (!running) return false;
    // Line 1 is the pid, line 8 the state, as pg_ctl reads them (src/include/utils/pidfile.h).
    const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return true;
  }
  await stopPostmaster(child);
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address === 'object' && address) return address.port;
  throw new Error('The system gave no port');
}
