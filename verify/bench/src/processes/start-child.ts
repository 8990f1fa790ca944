import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { on, once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Server and load generator each have a core to themselves; databases and brokers are left to the scheduler. */
export const CORES = { server: 0, load: 1 } as const;

const STOP_WITHIN_MS = 15_000;

export interface Child extends AsyncDisposable {
  /** The next message it sends. @throws Error when it ends instead. */
  message<T>(): Promise<T>;
  send(message: object): void;
}

/** Whether processes can be kept on one core each. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** Starts a program of this package in a process of its own, which ends when this one does. */
export function startChild(script: string, config: object, core?: number): Child {
  const command = [process.execPath, new URL(`../${script}`, import.meta.url).pathname, JSON.stringify(config)];
  if (canPin && core !== undefined) command.unshift('taskset', '--cpu-list', String(core));
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const ended = once(child, 'exit');
  const messages = on(child, 'message', { close: ['exit'] });
  return {
    async message<T>() {
      const { value, done } = (await messages.next()) as { value?: [T]; done?: boolean };
      if (done || !value) throw new Error(`${script} ended with ${child.exitCode ?? child.signalCode}`);
      return value[0];
    },
    send: (message) => void child.send(message),
    [Symbol.asyncDispose]: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}
