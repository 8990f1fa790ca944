import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@agent-platform/errors';

/** The line of `postmaster.pid` with the port: https://www.postgresql.org/docs/18/storage-file-layout.html */
const PORT_LINE = 3;

/**
 * A connection URL of a database on the embedded server that another process has started on `dataDir`. With the password
 * in it: not for logs.
 *
 * @throws AppError `failed_precondition` `postgres_not_running`
 */
export async function runningServerUrl(dataDir: string, database: string): Promise<string> {
  try {
    const password = (await readFile(join(dataDir, 'password'), 'utf8')).trim();
    const lines = (await readFile(join(dataDir, 'data/postmaster.pid'), 'utf8')).split('\n');
    const port = lines[PORT_LINE]!.trim();
    return `postgresql://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  } catch (cause) {
    const message = `No database is running in ${dataDir}. Start the platform first, or name another directory.`;
    throw new AppError('failed_precondition', 'postgres_not_running', message, { cause });
  }
}
