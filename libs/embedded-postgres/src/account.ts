import { execFile } from 'node:child_process';
import { lstat, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '@agent-platform/errors';

/** The system account PostgreSQL runs under. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

/**
 * Whom to run PostgreSQL as: `undefined` for the current user. PostgreSQL refuses to run as root, so root runs it
 * as the owner of the data, or, when there is none yet, as `postgres` if the system has that account, else `nobody`.
 *
 * @throws AppError `failed_precondition` when the data belongs to somebody else.
 */
export async function chooseAccount(clusterDir: string): Promise<Account | undefined> {
  const owner = await stat(clusterDir).catch(() => undefined);
  const uid = process.getuid!();
  if (uid !== 0) {
    if (owner && owner.uid !== uid) {
      const message = `The database in ${clusterDir} belongs to the user with uid ${owner.uid}. Run as that user or choose another DATA_DIR.`;
      throw new AppError('failed_precondition', 'data_dir_not_ours', message);
    }
    return undefined;
  }
  if (process.platform !== 'linux') {
    const message = 'PostgreSQL refuses to run as root. Run the platform as a normal user.';
    throw new AppError('failed_precondition', 'run_as_root', message);
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await lookUp('postgres')) ?? (await lookUp('nobody')) ?? { uid: 65534, gid: 65534 };
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** The first directory on the way to `path` that `account` may not enter, by mode bits. */
export async function firstUnreachable(path: string, account: Account): Promise<string | undefined> {
  const ancestors: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    ancestors.unshift(at);
    if (at === dirname(at)) break;
  }
  for (const at of ancestors) {
    const { mode, uid, gid } = await lstat(at);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return at;
  }
  return undefined;
}
