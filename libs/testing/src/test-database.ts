import { createHash, randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createPool, migrate, type Pool } from '@agent-platform/database';
import { createLogger } from '@agent-platform/telemetry';
import { askOnDemand } from './on-demand.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a worker asks for the run's PostgreSQL: connect, read its URL until the end. */
    postgresSocket: string;
  }
}

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/**
 * A database of its own for a test file, dropped on dispose with whatever is still connected to it. With
 * `migrationsDir` it is a clone of a template that is migrated once per run.
 *
 * Works inside vitest only (`globalSetup: libs/testing/src/global-setup.ts`).
 */
export async function createTestDatabase(options: { migrationsDir?: string } = {}): Promise<TestDatabase> {
  const serverUrl = await askForServer();
  await using resources = new AsyncDisposableStack();
  const logger = createLogger({ level: 'warn', service: 'test' });
  const admin = createPool({ url: serverUrl, applicationName: 'createTestDatabase', max: 1, logger });
  resources.defer(() => admin.end());
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const template = options.migrationsDir ? await ensureTemplate(admin, serverUrl, options.migrationsDir) : 'template1';
  // Copying files beats writing them through the log when nothing is synced anyway.
  await admin.query(`create database ${name} template ${template} strategy file_copy`);
  resources.defer(async () => void (await admin.query(`drop database if exists ${name} with (force)`)));
  const owned = resources.move();
  return { url: databaseUrl(serverUrl, name), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function askForServer(): Promise<string> {
  // Loaded here only, because this package is also used outside vitest.
  const { inject } = await import('vitest');
  return askOnDemand(inject('postgresSocket'));
}

async function ensureTemplate(admin: Pool, serverUrl: string, migrationsDir: string): Promise<string> {
  const name = `template_${await fingerprint(migrationsDir)}`;
  const client = await admin.connect();
  try {
    await client.query(`select pg_advisory_lock(hashtext($1))`, [name]);
    const found = await client.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) {
      // Its name comes last: a template that could not be migrated is never used.
      await client.query(`drop database if exists ${name}_new with (force)`);
      await client.query(`create database ${name}_new`);
      await migrate({ url: databaseUrl(serverUrl, `${name}_new`), migrationsDir });
      await client.query(`alter database ${name}_new rename to ${name}`);
    }
    await client.query(`select pg_advisory_unlock_all()`);
    return name;
  } finally {
    client.release();
  }
}

/** The same while the files are the same, so that an edited migration gets a new template in watch mode. */
async function fingerprint(directory: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

function databaseUrl(serverUrl: string, name: string): string {
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
}
