import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Env } from '@agent-platform/config';
import type { ServiceName } from '@agent-platform/runtime';

const root = join(import.meta.dirname, '../../..');
const READY_WITHIN_MS = 60_000;
/** What a service promises is 10 s. */
const STOP_WITHIN_MS = 12_000;

export interface ServiceProcessOptions {
  /** Unique in its cluster: `ingest-2`. */
  readonly name: string;
  readonly service: ServiceName;
  /** From the root of the repository. */
  readonly program: string;
  /** With `PORT` and `ADMIN_PORT`: it comes back on the same ones. */
  readonly env: Env;
  /** Gets `<name>.log` and, while the process lives, `<name>.pid`. */
  readonly directory: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One service of a cluster as a process of its own, which can be killed, stopped and started again. */
export class ServiceProcess {
  readonly name: string;
  readonly service: ServiceName;
  readonly url: string;
  /** Of `/healthz`, `/readyz` and `/metrics`. */
  readonly adminUrl: string;
  readonly logFile: string;
  readonly #options: ServiceProcessOptions;
  #child: ChildProcess | undefined;
  #started: Promise<void> = Promise.reject(new Error('It was never started.'));
  #exited: Promise<Exit> = Promise.resolve({ code: null, signal: null });

  constructor(options: ServiceProcessOptions) {
    this.name = options.name;
    this.service = options.service;
    this.url = `http://127.0.0.1:${options.env['PORT']}`;
    this.adminUrl = `http://127.0.0.1:${options.env['ADMIN_PORT']}`;
    this.logFile = join(options.directory, `${options.name}.log`);
    this.#options = options;
    this.#started.catch(() => undefined);
  }

  /** Of the process that was started last, also when it has ended. */
  get pid(): number {
    return this.#child!.pid!;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the last start is ready for use; rejects when the process ended before. */
  get started(): Promise<void> {
    return this.#started;
  }

  /** Resolves when the process that was started last has ended, however it did. */
  get exited(): Promise<Exit> {
    return this.#exited;
  }

  /** Starts the process; it must not be running. Resolves when it is ready: `started`. */
  start(): Promise<void> {
    if (this.running) throw new Error(`${this.name} is running already`);
    const { env, program, directory } = this.#options;
    const log = openSync(this.logFile, 'a', 0o600);
    // In a process group of its own: Ctrl-C reaches the launcher, who stops everything in order.
    const child = spawn(process.execPath, [program], { cwd: root, env, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    const pidFile = join(directory, `${this.name}.pid`);
    writeFileSync(pidFile, `${child.pid}\n`);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        rmSync(pidFile, { force: true });
        resolve({ code, signal });
      });
    });
    this.#started = this.#ready();
    this.#started.catch(() => undefined);
    return this.#started;
  }

  /** Sends any signal: SIGKILL, or SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child?.kill(signal);
  }

  /** Stops it in order and resolves when it has ended; forces it when that takes too long, or it is held by SIGSTOP. */
  async stop(): Promise<Exit> {
    if (this.running) {
      this.kill('SIGTERM');
      this.kill('SIGCONT');
      const late = setTimeout(() => this.kill('SIGKILL'), STOP_WITHIN_MS);
      await this.#exited;
      clearTimeout(late);
    }
    return this.#exited;
  }

  /** Ends it with `signal` if it is running, and starts it again. Resolves when it is ready. */
  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (signal === 'SIGTERM') await this.stop();
    else this.kill(signal);
    await this.#exited;
    await this.start();
  }

  async #ready(): Promise<void> {
    for (const until = performance.now() + READY_WITHIN_MS; performance.now() < until; await sleep(25)) {
      if (!this.running) throw new Error(`${this.name} ended while it started:\n${this.#logTail()}`);
      const signal = AbortSignal.timeout(2_500);
      const answer = await fetch(`${this.adminUrl}/readyz`, { signal }).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return;
    }
    throw new Error(`${this.name} was not ready within ${READY_WITHIN_MS / 1_000} s:\n${this.#logTail()}`);
  }

  #logTail(): string {
    return readFileSync(this.logFile, 'utf8').slice(-3_000);
  }
}
