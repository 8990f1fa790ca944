import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { generateVersionedKey } from '../src/versioned-keys.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface ReplicaEnv {
  readonly DATABASE_URL: string;
  readonly SERVICE_PUBLIC_KEYS_FILE: string;
  readonly CREDENTIAL_KEYS: string;
  readonly CREDENTIAL_DATA_KEY_MAX_AGE: string;
}

export interface Replica extends AsyncDisposable {
  /** Known when it is ready; rejects when it ends before. */
  readonly url: Promise<string>;
  /** kill -9 */
  kill(): Promise<void>;
}

/** token-service as a process of its own, which rotates keys from its start on. Stopped when disposed. */
export function startReplica(env: ReplicaEnv): Replica {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...env,
      TOKEN_PEPPERS: generateVersionedKey(),
      EVENT_BUS_URL: 'kafka://127.0.0.1:1',
      PORT: '0',
      ADMIN_PORT: '0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const ready = Promise.withResolvers<string>();
  let last = '';
  createInterface(child.stderr).on('line', (line) => {
    last = line;
    if (line.includes('"msg":"ready"')) ready.resolve((JSON.parse(line) as { url: string }).url);
  });
  void exited.then(() => ready.reject(new Error(`token-service ended: ${last}`)));
  ready.promise.catch(() => undefined);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return { url: ready.promise, kill: () => end('SIGKILL'), [Symbol.asyncDispose]: () => end('SIGTERM') };
}
