import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '@agent-platform/telemetry';
import { EmbeddedPostgres } from '../src/index.ts';

const logger = createLogger({ level: 'silent', service: 'test' });

let resources: AsyncDisposableStack;
let dataDir: string;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'agent-platform-postgres-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  dataDir = join(directory, 'postgres');
});
afterEach(() => resources.disposeAsync());

const start = () => EmbeddedPostgres.start({ dataDir, durable: false, logger });

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(dataDir, 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** Another process that owns the directory, in a process group of its own as a terminal would make it. */
async function startOwner(): Promise<{ process: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'owner.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  resources.defer(() => void child.kill('SIGKILL'));
  const [url] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, url: url.toString() };
}

describe('the embedded database', () => {
  it('keeps its data between starts', async () => {
    {
      await using server = await start();
      await server.createDatabase('kept');
      await query(server.url('kept'), 'create table t as select 42 as n');
    }
    await using again = await start();
    await again.createDatabase('kept');
    expect(await query(again.url('kept'), 'select n from t')).toEqual([{ n: 42 }]);
  });

  it('asks for its password and keeps it from other users', async () => {
    await using server = await start();
    const wrong = new URL(server.url('postgres'));
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
    expect((await stat(join(dataDir, 'password'))).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('is not reached by Ctrl-C, which signals the whole process group', async () => {
    const owner = await startOwner();
    process.kill(-owner.process.pid!, 'SIGINT');
    await once(owner.process, 'exit');
    try {
      expect(await query(owner.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await (await start())[Symbol.asyncDispose]();
    }
  });

  it('refuses a second owner and leaves the first one alone', async () => {
    const owner = await startOwner();
    await expect(start()).rejects.toMatchObject({
      code: 'data_dir_in_use',
      message: expect.stringContaining(`pid ${owner.process.pid}`) as string,
    });
    expect(await query(owner.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('says so when it cannot have the directory', async () => {
    await writeFile(dataDir, 'a file');
    await expect(start()).rejects.toMatchObject({ code: 'data_dir_not_writable' });
  });

  it('takes over what a killed process left running, with its data', async () => {
    const owner = await startOwner();
    await query(owner.url, 'create table t as select 7 as n');
    const orphan = await postmasterPid();
    owner.process.kill('SIGKILL');
    await once(owner.process, 'exit');
    await using server = await start();
    expect(await query(server.url('postgres'), 'select n from t')).toEqual([{ n: 7 }]);
    expect(await postmasterPid()).not.toBe(orphan);
    await expect(query(owner.url, 'select 1')).rejects.toThrow();
  });

  it('starts although the pid it left behind belongs to another process now, and spares that process', async () => {
    await (await start())[Symbol.asyncDispose]();
    const bystander = spawn('sleep', ['60']);
    resources.defer(() => void bystander.kill());
    await once(bystander, 'spawn');
    const pidFile = join(dataDir, 'data/postmaster.pid');
    await writeFile(pidFile, `${bystander.pid}\n${join(dataDir, 'data')}\n1700000000\n5432\n\n127.0.0.1\n\nready\n`);
    await using server = await start();
    expect(await query(server.url('postgres'), 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });

  it('starts after a kill in the middle of the first start', async () => {
    await mkdir(join(dataDir, 'data.partial/base'), { recursive: true });
    await writeFile(join(dataDir, 'data.partial/PG_VERSION'), '18\n');
    await using server = await start();
    expect(await query(server.url('postgres'), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('says what PostgreSQL said when it does not start', async () => {
    await (await start())[Symbol.asyncDispose]();
    await writeFile(join(dataDir, 'data/postgresql.conf'), 'nonsense = 1\n');
    await expect(start()).rejects.toMatchObject({
      code: 'postgres_failed',
      message: expect.stringContaining('nonsense') as string,
    });
  });

  it('is durable unless told otherwise', async () => {
    await using server = await EmbeddedPostgres.start({ dataDir, logger });
    const settings = `select string_agg(setting, ',') as s from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes')`;
    expect(await query(server.url('postgres'), settings)).toEqual([{ s: 'on,on,on' }]);
  });
});
