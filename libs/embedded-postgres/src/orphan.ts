import { execFile } from 'node:child_process';
import { readFile, readlink, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';

/**
 * Stops a PostgreSQL that an earlier owner of the data directory left behind (`kill -9` ends Node, not the
 * database). Call it only while holding the directory's lock: then whatever runs there has no owner.
 *
 * A process is touched only if it is PostgreSQL and works in this very directory.
 */
export async function stopOrphan(clusterDir: string, logger: Logger): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isAlive(pid)) return;
  if (!(await isPostgresOf(pid, clusterDir))) {
    // The number went to another process, which PostgreSQL would take for a running server and refuse to start.
    await rm(pidFile, { force: true });
    return;
  }
  logger.warn({ pid }, 'stopping a database that was left behind by a process that was killed');
  // Fast (with checkpoint), immediate (recovery at the next start), and no choice.
  // https://www.postgresql.org/docs/18/server-shutdown.html
  for (const [signal, waitMs] of [
    ['SIGINT', 1_500],
    ['SIGQUIT', 1_500],
    ['SIGKILL', 1_000],
  ] as const) {
    process.kill(pid, signal);
    if (await goneWithin(pid, clusterDir, waitMs)) return;
  }
  const message = `A database left behind in ${clusterDir} (pid ${pid}) does not stop. End that process, then start again.`;
  throw new AppError('failed_precondition', 'orphan_database', message);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function goneWithin(pid: number, clusterDir: string, waitMs: number): Promise<boolean> {
  for (const until = performance.now() + waitMs; performance.now() < until; await sleep(20)) {
    // Not "is alive": until init has buried it, a process that has ended still counts as alive.
    if (!(await isPostgresOf(pid, clusterDir))) return true;
  }
  return false;
}

async function isPostgresOf(pid: number, clusterDir: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const link = (name: string) => readlink(`/proc/${pid}/${name}`).catch(() => '');
    const [cwd, executable] = await Promise.all([link('cwd'), link('exe')]);
    // The kernel marks the path of a program that npm has replaced meanwhile.
    return cwd === clusterDir && basename(executable.replace(/ \(deleted\)$/, '')) === 'postgres';
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.includes('/bin/postgres') && stdout.includes(clusterDir);
}
