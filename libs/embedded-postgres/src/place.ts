import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, chmod, chown, open, readFile, realpath, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@agent-platform/errors';
import { type Account, chooseAccount } from './account.ts';

/** The directory that holds one embedded PostgreSQL, and how its programs are run there. */
export interface Place extends AsyncDisposable {
  readonly directory: string;
  readonly account: Account | undefined;
  /** The directory as PostgreSQL is told. */
  readonly base: string;
  readonly logPath: string;
  /** Starts a program in a session of its own; its output goes to the log file. */
  spawn(program: string, args: readonly string[]): ChildProcess;
  /** An error that shows the end of the log, where PostgreSQL says what is wrong. */
  failure(what: string): Promise<AppError>;
}

export async function openPlace(dataDir: string): Promise<Place> {
  const directory = await realpath(dataDir);
  const account = await chooseAccount(join(directory, 'data'));
  if (account) await chown(directory, account.uid, account.gid);
  await chmod(directory, 0o700);
  const logPath = join(directory, 'postgres.log');
  await rename(logPath, `${logPath}.previous`).catch(() => undefined);
  const log = await open(logPath, 'a', 0o600);
  // An unprivileged account may be unable to walk the path (a checkout below root's home), so it is handed the
  // open directory: /proc/self/fd/3 leads there whatever the directories above allow.
  const handle: FileHandle | undefined = account && (await open(directory, 'r'));
  return {
    directory,
    account,
    base: handle ? '/proc/self/fd/3' : directory,
    logPath,
    spawn: (program, args) =>
      spawn(program, args, {
        cwd: '/',
        // Its own session: Ctrl-C in a terminal signals the whole process group, and would stop the database
        // before the services have drained.
        detached: true,
        stdio: ['ignore', log.fd, log.fd, ...(handle ? [handle.fd] : [])],
        // Nothing else of ours: other processes of that account can read it.
        env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
        ...account,
      }),
    failure: async (what) => {
      const tail = (await readFile(logPath, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-8).join('\n');
      return new AppError(
        'failed_precondition',
        'postgres_failed',
        `${what} See ${logPath}, which ends with:\n${tail}`,
      );
    },
    [Symbol.asyncDispose]: async () => {
      await log.close();
      await handle?.close();
    },
  };
}
