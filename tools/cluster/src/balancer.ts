import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Balancer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Gives each connection to the next of several processes that takes it, as a Kubernetes service does. It knows nothing
 * of what is spoken.
 *
 * @param urls - of processes that may come and go.
 */
export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  const clients = new Set<Socket>();
  let turn = 0;
  const server = createServer({ noDelay: true }, (client) => {
    clients.add(client);
    client.on('error', () => undefined).on('close', () => clients.delete(client));
    void open(urls, turn++).then((upstream) => {
      if (!upstream) return client.resetAndDestroy();
      if (client.destroyed) return upstream.destroy();
      upstream.on('error', () => client.resetAndDestroy()).on('close', () => client.destroy());
      client.on('close', () => upstream.destroy());
      client.pipe(upstream).pipe(client);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await once(server.close(), 'close');
    },
  };
}

async function open(urls: readonly string[], turn: number): Promise<Socket | undefined> {
  for (let n = 0; n < urls.length; n++) {
    const { hostname, port } = new URL(urls[(turn + n) % urls.length]!);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const connected = once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (await connected) return socket;
  }
  return undefined;
}
