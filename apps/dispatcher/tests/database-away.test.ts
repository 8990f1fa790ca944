import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { permissionsOf } from '@agent-platform/auth';
import { createPool, type Pool } from '@agent-platform/database';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { publicServices, RunService } from '@agent-platform/proto';
import { createLogger } from '@agent-platform/telemetry';
import { createFaultProxy } from '@agent-platform/testing';
import { expect, it, vi } from 'vitest';
import { createFixture, type Fixture } from './support/fixture.ts';
import { throughManagementApi } from './support/through-management-api.ts';

const logger = createLogger({ level: 'silent', service: 'test' });
const services = publicServices.filter(({ typeName }) => typeName.startsWith('agentplatform.dispatch.v1.'));
const methods = services.flatMap((service) => service.methods);
const bodies: Readonly<Record<string, object>> = {
  ResolveRun: { outcome: 'retry' },
  ReplayEvents: { received_from: '2020-01-01T00:00:00Z', received_before: '2999-01-01T00:00:00Z' },
  RetryRuns: { created_from: '2020-01-01T00:00:00Z', created_before: '2999-01-01T00:00:00Z' },
};
const permissions = new Set(permissionsOf(services));
const TABLES = ['events', 'runs', 'replays', 'dead_letters'];
const CONNECTIONS = 12;
/** A dispatcher has connections for so many requests beside what it does in the background. */
const AT_ONCE = 6;

type Api = Awaited<ReturnType<typeof throughManagementApi>>;
type Method = (typeof methods)[number];

const call = async (api: Api, method: Method) =>
  [method.name, await api.call(method, 'x_1', bodies[method.name])] as const;
const callAll = (api: Api) => Promise.all(methods.map((method) => call(api, method)));

const away = { status: 503, code: 'database_unavailable', retryAfter: '2' };
const allAway = methods.map(({ name }) => [name, away]);

/** As many dispatchers as it takes for every method to be in the middle of a query at once. */
async function startEnough(resources: AsyncDisposableStack, fixture: Fixture, databaseUrl: string) {
  const apis: Api[] = [];
  for (let n = 0; n < methods.length; n += AT_ONCE) {
    const { service } = await fixture.start({ deps: { databaseUrl } });
    apis.push(resources.use(await throughManagementApi(service, permissions)));
  }
  return () => Promise.all(methods.map((method, n) => call(apis[Math.floor(n / AT_ONCE)]!, method)));
}

/** Holds every query of the dispatcher in its middle until the transaction ends. */
async function lockTables(pool: Pool) {
  const client = await pool.connect();
  client.on('error', () => undefined);
  await client.query(`begin; lock table ${TABLES.join()} in access exclusive mode`);
  let held = true;
  const release = () => {
    if (held) client.release(true);
    held = false;
  };
  return { release, [Symbol.dispose]: release };
}

/** The same until the server stops: the holder of a lock is stopped with everybody else, and its lock might come free first. */
const makeEndless = (pool: Pool) =>
  pool.query(
    TABLES.map(
      (table) => `
        alter table ${table} rename to ${table}_stored;
        create view ${table} as select * from ${table}_stored where (select pg_sleep(600)) is not null;`,
    ).join(''),
  );

const untilWaiting = (pool: Pool, queries: number) =>
  vi.waitFor(
    async () => {
      const { rows } = await pool.query<{ waiting: number }>(
        `select count(*)::int as waiting from pg_stat_activity
          where application_name = 'dispatcher' and wait_event_type in ('Lock', 'Timeout')`,
      );
      expect(rows[0]!.waiting).toBeGreaterThanOrEqual(queries);
    },
    { timeout: 20_000, interval: 20 },
  );

/** What works in the background waits too, and is not counted as one of the requests. */
const everyMethod = methods.length + Math.ceil(methods.length / AT_ONCE);

it('a server that stops in the middle of a request, and one that is gone, are 503 for every method', async () => {
  await using fixture = await createFixture();
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'dispatcher-database-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  const postgres = resources.use(
    await EmbeddedPostgres.start({ dataDir: join(directory, 'postgres'), durable: false, logger }),
  );
  await postgres.createDatabase('dispatcher');
  const databaseUrl = postgres.url('dispatcher');
  const pool = createPool({ url: databaseUrl, applicationName: 'test', logger });
  resources.defer(() => pool.end());
  const callEach = await startEnough(resources, fixture, databaseUrl);

  await makeEndless(pool);
  const answers = callEach();
  await untilWaiting(pool, everyMethod);
  await postgres[Symbol.asyncDispose]();
  expect(await answers).toEqual(allAway);
  expect(await callEach()).toEqual(allAway);
});

it('connections that break in the middle of a request, and ones that cannot be made, are 503 for every method', async () => {
  await using fixture = await createFixture();
  const target = new URL(fixture.databaseUrl);
  await using proxy = await createFaultProxy({ targetPort: Number(target.port) });
  const databaseUrl = Object.assign(new URL(target), { host: `127.0.0.1:${proxy.port}` }).href;
  await using resources = new AsyncDisposableStack();
  const callEach = await startEnough(resources, fixture, databaseUrl);

  using lock = await lockTables(fixture.pool);
  const answers = callEach();
  await untilWaiting(fixture.pool, everyMethod);
  proxy.refuse(true);
  for (const connection of proxy.connections) connection.reset();
  expect(await answers).toEqual(allAway);
  expect(await callEach()).toEqual(allAway);
  lock.release();

  proxy.refuse(false);
  const isAway = async () => (await callEach()).some(([, { status }]) => status === 503);
  await vi.waitFor(async () => expect(await isAway()).toBe(false), 20_000);
});

it('a pool with no connection left is 503 for every method', async () => {
  await using fixture = await createFixture();
  const dispatcher = await fixture.start();
  await using api = await throughManagementApi(dispatcher.service, permissions);
  using lock = await lockTables(fixture.pool);
  const waiting = Array.from({ length: CONNECTIONS }, () => api.call(RunService.method.listRuns, ''));
  await untilWaiting(fixture.pool, CONNECTIONS);
  expect(await callAll(api)).toEqual(allAway);
  lock.release();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toContain(200);
});
