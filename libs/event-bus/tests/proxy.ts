import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Breaks every connection and takes no new one. */
  cut(): void;
  /** Keeps connections open and passes nothing on. */
  silence(): void;
  restore(): void;
}

/** Stands between a client and its server, to fail in the ways a network does. */
export async function createProxy(serverUrl: string): Promise<Proxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let mode: 'open' | 'cut' | 'silent' = 'open';
  const server = createServer((client) => {
    if (mode === 'cut') return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => mode === 'open' && to.write(data));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dropAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const { port } = server.address() as { port: number };
  return {
    url: Object.assign(new URL(serverUrl), { port: String(port) }).href,
    cut: () => {
      mode = 'cut';
      dropAll();
    },
    silence: () => (mode = 'silent'),
    restore: () => {
      mode = 'open';
      // What was sent into the silence is gone, so those connections are of no use any more.
      dropAll();
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      dropAll();
      await once(server, 'close');
    },
  };
}
