import { execFile } from 'node:child_process';
import { chmod, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { checkWritable, createPool, databaseErrorToAppError } from '../src/index.ts';
import { logger, temporaryDirectory } from './server.ts';

const exec = promisify(execFile);

/** A file system of its own, small enough to fill; only root can mount one. */
async function smallDisk(): Promise<{ path: string } & AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  const { path } = resources.use(await temporaryDirectory());
  await exec('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', path]);
  resources.defer(async () => void (await exec('umount', ['-l', path])));
  await chmod(path, 0o755);
  const owned = resources.move();
  return { path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function fill(directory: string): Promise<string> {
  const file = join(directory, 'filler');
  const { bavail, bsize } = await statfs(directory);
  await writeFile(file, Buffer.alloc(bavail * bsize)).catch(() => undefined);
  return file;
}

it.skipIf(process.getuid?.() !== 0)('a full disk is unavailable and not ready, until there is room again', async () => {
  await using disk = await smallDisk();
  await using server = await EmbeddedPostgres.start({ dataDir: join(disk.path, 'postgres'), durable: false, logger });
  await server.createDatabase('test');
  const pool = createPool({ url: server.url('test'), applicationName: 'test', logger });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  await pool.query('create table a (text text)');
  await checkWritable(pool);

  const filler = await fill(disk.path);
  const write = pool.query(`insert into a select repeat('x', 2000) from generate_series(1, 10000)`);
  const refused = databaseErrorToAppError(await write.catch((error: unknown) => error));
  expect(refused).toMatchObject({ kind: 'unavailable', code: 'database_unavailable', retryAfterSeconds: 2 });
  await expect(checkWritable(pool)).rejects.toThrow();

  await rm(filler);
  await expect.poll(() => checkWritable(pool).then(() => 'ready', String), { timeout: 30_000 }).toBe('ready');
});
