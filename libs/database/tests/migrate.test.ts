import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaPg } from '@prisma/adapter-pg';
import { SchemaEngine } from '@prisma/schema-engine-wasm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPool, migrate, type Pool } from '../src/index.ts';
import { logger, startServer, temporaryDirectory } from './server.ts';

const INIT = `create table a (id text primary key);
create function f() returns int language plpgsql as $$ begin perform 1; return 2; end $$;
`;

let server: Awaited<ReturnType<typeof startServer>>;
let resources: AsyncDisposableStack;
let url: string;
let pool: Pool;
let migrationsDir: string;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  url = await server.newDatabase();
  migrationsDir = resources.use(await temporaryDirectory()).path;
  pool = createPool({ url, applicationName: 'test', logger });
  resources.defer(() => pool.end());
  await addMigration('20260101000000_init', INIT);
});
afterEach(() => resources.disposeAsync());

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(migrationsDir, name), { recursive: true });
  await writeFile(join(migrationsDir, name, 'migration.sql'), sql);
}

async function recorded(): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    'select migration_name as name from _prisma_migrations order by 1',
  );
  return rows.map(({ name }) => name);
}

/** Prisma's own engine, as `prisma migrate deploy` uses it. */
async function prismaEngine(): Promise<SchemaEngine> {
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
  return SchemaEngine.new({ datamodels: undefined }, () => undefined, adapter);
}

describe('migrate', () => {
  it('applies what is missing, once, in order', async () => {
    await migrate({ url, migrationsDir });
    await addMigration('20260102000000_more', 'alter table a add column n int;');
    await migrate({ url, migrationsDir });
    await migrate({ url, migrationsDir });
    expect(await recorded()).toEqual(['20260101000000_init', '20260102000000_more']);
    await pool.query(`insert into a (id, n) values ('x', f())`);
  });

  it('is safe when several processes start at once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => migrate({ url, migrationsDir })));
    expect(await recorded()).toEqual(['20260101000000_init']);
  });

  it('leaves nothing behind of a migration that fails, and names it', async () => {
    await addMigration('20260102000000_bad', 'create table b (id int); create tablex c (id int);');
    await expect(migrate({ url, migrationsDir })).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringContaining('20260102000000_bad') as string,
    });
    expect(await recorded()).toEqual(['20260101000000_init']);
    await addMigration('20260102000000_bad', 'create table b (id int);');
    await migrate({ url, migrationsDir });
    expect(await recorded()).toEqual(['20260101000000_init', '20260102000000_bad']);
  });

  it('refuses a database that a newer version has migrated, and changes nothing', async () => {
    await migrate({ url, migrationsDir });
    await addMigration('20260103000000_newer', 'alter table a add column must int not null;');
    await migrate({ url, migrationsDir });
    await rm(join(migrationsDir, '20260103000000_newer'), { recursive: true });
    // Its own newest one is missing as well: it must not be added to a schema nobody has tried it on.
    await addMigration('20260102000000_older', 'create table b (id int);');
    await expect(migrate({ url, migrationsDir })).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'schema_newer',
      message: expect.stringContaining('20260103000000_newer') as string,
    });
    expect(await recorded()).toEqual(['20260101000000_init', '20260103000000_newer']);
  });

  it('says that the database is not there, rather than that a migration failed', async () => {
    const elsewhere = Object.assign(new URL(url), { port: '1' }).href;
    await expect(migrate({ url: elsewhere, migrationsDir })).rejects.toMatchObject({ code: 'database_unavailable' });
  });

  it('leaves a history that Prisma takes for its own', async () => {
    await migrate({ url, migrationsDir });
    using engine = await prismaEngine();
    const migrationsList = {
      baseDir: migrationsDir,
      lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
      shadowDbInitScript: '',
      migrationDirectories: [
        {
          path: '20260101000000_init',
          migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: INIT } },
        },
      ],
    };
    const filters = { externalTables: [], externalEnums: [] };
    expect(await engine.diagnoseMigrationHistory({ migrationsList, filters, optInToShadowDatabase: false })).toEqual({
      editedMigrationNames: [],
      failedMigrationNames: [],
      hasMigrationsTable: true,
      history: null,
    });
    expect(await engine.applyMigrations({ migrationsList, filters })).toEqual({ appliedMigrationNames: [] });
  });
});
