import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool, isDatabaseUnavailable, isUniqueViolation, type Pool, transaction } from '../src/index.ts';
import { logger, startServer } from './server.ts';

let resources: AsyncDisposableStack;
let pool: Pool;

beforeAll(async () => {
  resources = new AsyncDisposableStack();
  const url = await resources.use(await startServer()).newDatabase();
  pool = createPool({ url, applicationName: 'test', max: 2, logger });
  resources.defer(() => pool.end());
  await pool.query('create table t (id int primary key)');
});
afterAll(() => resources.disposeAsync());

const ids = async () => (await pool.query<{ id: number }>('select id from t order by id')).rows.map(({ id }) => id);

describe('a transaction', () => {
  it('commits what it did and returns the result', async () => {
    expect(await transaction(pool, async (client) => (await client.query('insert into t values (1)')).rowCount)).toBe(
      1,
    );
    expect(await ids()).toEqual([1]);
  });

  it('undoes everything when the work fails, with the error as it was', async () => {
    const failure = new Error('no');
    const work = transaction(pool, async (client) => {
      await client.query('insert into t values (2)');
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await ids()).toEqual([1]);
  });

  it('does not pass for committed when the work swallowed an error', async () => {
    const work = transaction(pool, async (client) => {
      await client.query('insert into t values (3)');
      const error: unknown = await client.query('insert into t values (1)').catch((e: unknown) => e);
      expect(isUniqueViolation(error)).toBe(true);
    });
    await expect(work).rejects.toThrow('rolled back');
    expect(await ids()).toEqual([1]);
  });

  it('that loses its connection fails as unavailable, and the pool goes on', async () => {
    const work = transaction(pool, (client) => client.query('select pg_terminate_backend(pg_backend_pid())'));
    const error: unknown = await work.catch((e: unknown) => e);
    expect(isDatabaseUnavailable(error)).toBe(true);
    expect(await ids()).toEqual([1]);
  });

  it('that is killed while it does nothing does not end the process', async () => {
    const work = transaction(pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
      await client.query('select 1');
    });
    expect(isDatabaseUnavailable(await work.catch((e: unknown) => e))).toBe(true);
    expect(await ids()).toEqual([1]);
  });
});
