import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** A copy of the migrations that came before one of them, to test what that one makes of a database that is in use. */
export async function migrationsBefore(
  migrationsDir: string,
  name: string,
): Promise<{ readonly migrationsDir: string } & AsyncDisposable> {
  if (!(await readdir(migrationsDir)).includes(name)) throw new Error(`there is no migration ${name}`);
  const copy = await mkdtemp(join(tmpdir(), 'migrations-'));
  const isBefore = (path: string) => path === migrationsDir || basename(path) < name || basename(path).endsWith('.sql');
  await cp(migrationsDir, copy, { recursive: true, filter: isBefore });
  return { migrationsDir: copy, [Symbol.asyncDispose]: () => rm(copy, { recursive: true, force: true }) };
}
