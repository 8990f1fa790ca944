import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@agent-platform/telemetry';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';

export const logger = createLogger({ level: 'silent', service: 'test' });

/** A temporary directory, removed on dispose. */
export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'agent-platform-database-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A server for a test file. This library cannot use `@agent-platform/testing`, which is built on it. */
export async function startServer(): Promise<{ newDatabase(): Promise<string> } & AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  const directory = resources.use(await temporaryDirectory());
  const dataDir = join(directory.path, 'postgres');
  const server = resources.use(await EmbeddedPostgres.start({ dataDir, durable: false, logger }));
  const owned = resources.move();
  let databases = 0;
  return {
    newDatabase: async () => {
      const name = `test_${++databases}`;
      await server.createDatabase(name);
      return server.url(name);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
