import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@agent-platform/errors';
import type { Place } from './place.ts';

/**
 * The superuser's password, made once per data directory and kept in a 0600 file beside the data.
 *
 * @throws AppError `failed_precondition` when there is data whose password is gone.
 */
export async function readOrCreatePassword({ directory, account }: Place): Promise<string> {
  const path = join(directory, 'password');
  const stored = (await readFile(path, 'utf8').catch(() => '')).trim();
  if (stored) return stored;
  if (await clusterExists(directory)) {
    const message = `${path} is missing or empty, so the database beside it cannot be opened. Restore that file.`;
    throw new AppError('failed_precondition', 'database_password_missing', message);
  }
  const password = randomBytes(24).toString('hex');
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(`${password}\n`);
  await file.sync();
  // initdb reads it.
  if (account) await chown(path, account.uid, account.gid);
  return password;
}

/**
 * Makes the cluster if there is none. It is made under another name and then renamed, so that a start that is
 * killed half-way leaves nothing that looks like a cluster.
 */
export async function initializeCluster(initdb: string, place: Place, durable: boolean): Promise<void> {
  if (await clusterExists(place.directory)) return;
  const partial = join(place.directory, 'data.partial');
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { mode: 0o700 });
  if (place.account) await chown(partial, place.account.uid, place.account.gid);
  const child = place.spawn(initdb, [
    `--pgdata=${place.base}/data.partial`,
    `--pwfile=${place.base}/password`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorting and casing come with PostgreSQL, so that they do not change with the system's libraries.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ]);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw await place.failure('The database could not be created.');
  await rename(partial, join(place.directory, 'data'));
}

async function clusterExists(directory: string): Promise<boolean> {
  return (await stat(join(directory, 'data')).catch(() => undefined)) !== undefined;
}
