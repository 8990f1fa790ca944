import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * The address of those who may be called here. All others of the machine are what must not be reached. Linux has all of
 * 127.0.0.0/8; elsewhere it has to be added to the loopback first.
 */
export const WELCOME_ADDRESS = '127.0.0.2';

/** What every attack begins with: a server that may be called and does as the attacker says. */
export interface Accomplice extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  answer: RequestListener;
}

export async function startAccomplice(): Promise<Accomplice> {
  const server = createHttpServer((req, res) => accomplice.answer(req, res));
  const port = await listen(server, WELCOME_ADDRESS);
  const accomplice: Accomplice = {
    url: `http://${WELCOME_ADDRESS}:${port}`,
    port,
    answer: (_, res) => void res.writeHead(404).end(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return accomplice;
}

/** Listens on every address of the machine, IPv6 too, and counts who comes. */
export interface Canary extends AsyncDisposable {
  readonly port: number;
  readonly connections: () => number;
}

/** @param port - any free one by default. */
export async function startCanary(port = 0): Promise<Canary> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  // With a port that the accomplice has on its own address, the wildcard would be refused: loopback alone then.
  const bound = await listen(server, port === 0 ? undefined : '127.0.0.1', port);
  return {
    port: bound,
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())),
  };
}

async function listen(server: Server, host: string | undefined, port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The machine's own addresses that are not public by their place in a network, as hosts of a URL. */
export function ownHosts(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address }) => /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd]|fe80|::1$)/.test(address))
    .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
}
