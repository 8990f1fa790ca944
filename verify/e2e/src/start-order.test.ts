import { createTestDatabase, createFaultProxy } from '@agent-platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accepted, ended, provision, until } from './fixture.ts';
import { startCluster, type RunningCluster } from './modes.ts';
import { allowForProcesses } from './process.ts';
import { startSeedServer } from './seed-server.ts';

const probe = async (url: string, path: string) => (await fetch(`${url}${path}`).catch(() => undefined))?.status;

describe('services are started in any order', () => {
  allowForProcesses();
  const resources = new AsyncDisposableStack();
  const urls: string[] = [];
  let goOn: () => void;
  let starting: Promise<RunningCluster>;

  /** Over the Postgres bus: what is away at first are the databases and the bus, all behind one proxy. */
  beforeAll(async () => {
    const bus = resources.use(await createTestDatabase()).url;
    const proxy = resources.use(await createFaultProxy({ targetPort: Number(new URL(bus).port) }));
    proxy.refuse(true);
    goOn = () => proxy.refuse(false);
    const throughProxy = (url: string) => Object.assign(new URL(url), { port: String(proxy.port) }).href;
    starting = startCluster({
      busUrl: throughProxy(bus),
      environment: (_service, env) => {
        urls.push(`http://127.0.0.1:${env['ADMIN_PORT']}`);
        return env['DATABASE_URL'] ? { ...env, DATABASE_URL: throughProxy(env['DATABASE_URL']) } : env;
      },
    });
    starting.catch(() => undefined);
  });
  afterAll(async () => {
    goOn();
    await (await starting)[Symbol.asyncDispose]();
    await resources.disposeAsync();
  });

  it('each is alive and not ready while what it needs is not there', async () => {
    await until('every port', async () => {
      const alive = await Promise.all(urls.map((url) => probe(url, '/healthz')));
      return alive.length === 4 && alive.every((status) => status === 200);
    });
    for (const url of urls) expect(await probe(url, '/readyz')).toBe(503);
  });

  it('and all are ready once it is', async () => {
    goOn();
    const { cluster } = await starting;
    for (const { adminUrl } of cluster.processes) expect(await probe(adminUrl, '/readyz')).toBe(200);
  });

  it('each waits for the services it calls', async () => {
    const { cluster, api, url } = await starting;
    const { ingests, dispatchers, managementApi, tokenService } = cluster;
    await Promise.all(cluster.processes.map((process) => process.stop()));
    const callers = [...ingests, ...dispatchers];
    for (const caller of callers) void caller.start();
    for (const caller of callers) {
      await until(`${caller.name} to say what it waits for`, async () => {
        const answer = await fetch(`${caller.adminUrl}/readyz`).catch(() => undefined);
        return answer?.status === 503 && (await answer.text()).includes('"token-service":"failed"');
      });
    }
    await Promise.all([managementApi.start(), tokenService.start(), ...callers.map(({ started }) => started)]);

    await using server = await startSeedServer('sk');
    const toolCall = { tool: 'book', arguments: {} };
    const token = await provision(api, { name: 'order', mcpServerUrl: server.url, bearer: 'sk', toolCall });
    const run = await ended(api, await accepted(url, token, { event_type: 'invoice.uploaded', payload: {} }));
    expect(run).toMatchObject({ status: 'succeeded' });
  });
});
