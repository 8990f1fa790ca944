import { join } from 'node:path';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createPool } from '@agent-platform/database';
import { createLogger } from '@agent-platform/telemetry';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../src/index.ts';

const logger = createLogger({ level: 'silent', service: 'test' });

async function tables(url: string): Promise<string[]> {
  const pool = createPool({ url, applicationName: 'test', logger });
  try {
    const { rows } = await pool.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
    );
    return rows.map(({ name }) => name);
  } finally {
    await pool.end();
  }
}

it('gives every caller a database of its own with the migrations applied', async () => {
  await using stack = new AsyncDisposableStack();
  const migrationsDir = await mkdtemp(join(tmpdir(), 'agent-platform-migrations-'));
  stack.defer(() => rm(migrationsDir, { recursive: true }));
  await mkdir(join(migrationsDir, '20260101000000_init'));
  await writeFile(join(migrationsDir, '20260101000000_init/migration.sql'), 'create table a (id int);');

  const databases = await Promise.all(Array.from({ length: 4 }, () => createTestDatabase({ migrationsDir })));
  for (const database of databases) stack.use(database);
  expect(new Set(databases.map(({ url }) => url)).size).toBe(4);
  for (const { url } of databases) expect(await tables(url)).toEqual(['_prisma_migrations', 'a']);

  await databases[0]![Symbol.asyncDispose]();
  await expect(tables(databases[0]!.url)).rejects.toThrow('does not exist');
  expect(await tables(databases[1]!.url)).toEqual(['_prisma_migrations', 'a']);
});

it('gives an empty database without migrations', async () => {
  await using database = await createTestDatabase();
  expect(await tables(database.url)).toEqual([]);
});
