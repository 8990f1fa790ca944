import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import type { Logger } from '@agent-platform/telemetry';
import { createFaultProxy } from '@agent-platform/testing';

/** A PostgreSQL that can be away for a while; its address stays the same. */
export interface RestartablePostgres extends AsyncDisposable {
  url(database: string): string;
  /** @param crash - with no chance to write a checkpoint: the next start has to recover from the log. */
  stop(o: { crash: boolean }): Promise<void>;
  start(): Promise<void>;
}

/**
 * @param o.directory - gets `postgres/`.
 * @param o.restartable - costs a proxy in between: the server comes back on another port.
 */
export async function startPostgres(o: {
  directory: string;
  restartable: boolean;
  logger: Logger;
}): Promise<RestartablePostgres> {
  const { directory, logger } = o;
  const dataDir = join(directory, 'postgres');
  await mkdir(dataDir, { recursive: true });
  const start = () => EmbeddedPostgres.start({ dataDir, logger });
  let server: EmbeddedPostgres | undefined = await start();
  const portOf = (postgres: EmbeddedPostgres) => Number(new URL(postgres.url('postgres')).port);
  const proxy = o.restartable ? await createFaultProxy({ targetPort: portOf(server) }) : undefined;
  const port = String(proxy?.port ?? portOf(server));
  const address = new URL(server.url('postgres'));
  return {
    url: (database) => Object.assign(new URL(address), { port, pathname: `/${database}` }).href,
    async stop({ crash }) {
      const pid = Number((await readFile(join(dataDir, 'data/postmaster.pid'), 'utf8')).split('\n', 1)[0]);
      // "Immediate shutdown": https://www.postgresql.org/docs/current/server-shutdown.html
      if (crash) process.kill(pid, 'SIGQUIT');
      await server?.[Symbol.asyncDispose]();
      server = undefined;
    },
    async start() {
      server ??= await start();
      proxy!.setTarget(portOf(server));
    },
    async [Symbol.asyncDispose]() {
      await proxy?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    },
  };
}
