import { createHash, randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@agent-platform/errors';
import pg from 'pg';
import { connectionOptions } from './connection-options.ts';
import { databaseErrorToAppError, isDatabaseUnavailable } from './errors.ts';
import { connectionRefused } from './refused.ts';

export interface MigrateOptions {
  readonly url: string;
  /** Prisma's layout: `<timestamp>_<name>/migration.sql`. */
  readonly migrationsDir: string;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** The advisory lock that `prisma migrate deploy` takes too, so that it and we never migrate at once. */
const LOCK = 72_707_369;

/** As Prisma makes it: https://github.com/prisma/prisma-engines/blob/main/schema-engine/ARCHITECTURE.md */
const CREATE_TABLE = `
  create table if not exists _prisma_migrations (
    id varchar(36) primary key not null,
    checksum varchar(64) not null,
    finished_at timestamptz,
    migration_name varchar(255) not null,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`;

/**
 * Applies the migrations that the database does not have yet, in the order of their names, and records them as
 * `prisma migrate deploy` does. Several processes may call it at once. Quick when there is nothing to do.
 *
 * Each migration is one transaction together with its record, so a start that is killed half-way leaves nothing to
 * repair. Prisma's own engine commits statement by statement when driven through an adapter, and leaves a
 * half-applied migration that a person has to resolve.
 *
 * @throws AppError `failed_precondition` `migration_failed`, or `schema_newer` when the database has migrations that
 *   this program does not know; `unavailable` when the database is not there, or refused (`database_refused`);
 *   `config_invalid`.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const migrations = await readMigrations(options.migrationsDir);
  const client = new pg.Client({
    ...connectionOptions(options.url),
    application_name: 'migrate',
    connectionTimeoutMillis: 5_000,
  });
  // What it was doing rejects as well; without a listener the event would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if ((await missing(client, migrations)).length === 0) return;
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(CREATE_TABLE);
    for (const migration of await missing(client, migrations)) await apply(client, migration);
  } catch (error) {
    throw connectionRefused(error) ?? databaseErrorToAppError(error);
  } finally {
    // Also lets go of the lock.
    await client.end().catch(() => undefined);
  }
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => ({ name, sql: await readFile(join(directory, name, 'migration.sql'), 'utf8') })),
  );
}

async function missing(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const table = await client.query<{ found: boolean }>(`select to_regclass('_prisma_migrations') is not null as found`);
  if (!table.rows[0]!.found) return [...migrations];
  const { rows } = await client.query<{ name: string; finished: boolean }>(
    `select migration_name as name, finished_at is not null as finished
       from _prisma_migrations where rolled_back_at is null`,
  );
  const failed = rows.find((row) => !row.finished);
  if (failed) {
    const message = `The migration ${failed.name} failed earlier and was left half-applied. Repair the database, then mark it with "prisma migrate resolve".`;
    throw new AppError('failed_precondition', 'migration_failed', message);
  }
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = rows.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    // Older code does not fill what newer code requires: messages would fail one by one, after they were accepted.
    const message = `A newer version has migrated the database (${unknown.sort().join(', ')}). Start that version or a later one, or restore a backup from before.`;
    throw new AppError('failed_precondition', 'schema_newer', message);
  }
  const applied = new Set(rows.map(({ name }) => name));
  return migrations.filter(({ name }) => !applied.has(name));
}

async function apply(client: pg.Client, { name, sql }: Migration): Promise<void> {
  const checksum = createHash('sha256').update(sql).digest('hex');
  try {
    await client.query('begin');
    await client.query(sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if (isDatabaseUnavailable(error)) throw error;
    const message = `The migration ${name} failed and was rolled back: ${(error as Error).message}`;
    throw new AppError('failed_precondition', 'migration_failed', message, { cause: error });
  }
}
