import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '@agent-platform/errors';

/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * Makes this process the only owner of `directory` until the lock is disposed.
 *
 * The lock is SQLite's file lock (POSIX `fcntl`; Node has no call of its own for it): the kernel lets go of it
 * when the process dies, however it dies. A file with a pid in it would need a judgement whether it is stale, and
 * two processes that judge at once both take it over.
 *
 * @throws AppError `failed_precondition`: `data_dir_in_use` when another live process has it,
 *   `data_dir_not_writable`.
 */
export async function lockDirectory(directory: string): Promise<Disposable> {
  const pidFile = join(directory, 'owner.pid');
  let lock: DatabaseSync | undefined;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(join(directory, 'owner.lock'), { timeout: 0 });
    lock.exec('begin exclusive');
    await writeFile(pidFile, `${process.pid}\n`);
  } catch (error) {
    if (lock?.isOpen) lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) {
      const message = `The data directory ${directory} cannot be written to (${(error as Error).message}). Choose another DATA_DIR, or make it yours.`;
      throw new AppError('failed_precondition', 'data_dir_not_writable', message, { cause: error });
    }
    const owner = await readFile(pidFile, 'utf8').catch(() => 'unknown');
    const message = `The data directory ${directory} is in use by another process (pid ${owner.trim()}). Stop that process first, or choose another DATA_DIR.`;
    throw new AppError('failed_precondition', 'data_dir_in_use', message, { cause: error });
  }
  const held = lock;
  return { [Symbol.dispose]: () => held.close() };
}
