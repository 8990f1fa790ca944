import { createLogger } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { createPostgresBus, type EventBus } from '../src/index.ts';
import type { BusHarness } from '../src/conformance.ts';
import { createProxy, type Proxy } from './proxy.ts';

export const logger = createLogger({ level: 'silent', service: 'test' });

/** A database with buses on it, each through a proxy of its own. */
export interface PostgresHarness extends BusHarness {
  readonly url: string;
  proxyOf(bus: EventBus): Proxy;
}

export async function startPostgres(): Promise<PostgresHarness> {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const proxies = new Map<EventBus, Proxy>();
  const owned = resources.move();
  return {
    url,
    proxyOf: (bus) => proxies.get(bus)!,
    connect: async () => {
      const proxy = owned.use(await createProxy(url));
      const bus = owned.use(await createPostgresBus({ url: proxy.url, logger }));
      proxies.set(bus, proxy);
      return bus;
    },
    crash: async (bus) => proxies.get(bus)!.cut(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
