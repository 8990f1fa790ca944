import { once } from 'node:events';
import { createServer, isIP, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { HOSTILE_HOSTS, startHttpServer } from '@agent-platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestClient, MODERN_LIST } from './scripted-server.ts';

const REFUSED = { code: 'address_refused', sent: false, retryable: false };

/** Listens on everything this machine has, and counts who comes. */
let canary: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  canary = createServer((socket) => {
    connections++;
    socket.destroy();
  }).listen(0);
  await once(canary, 'listening');
  ({ port } = canary.address() as AddressInfo);
});

afterAll(async () => {
  await new Promise((resolve) => canary.close(resolve));
});

describe('nothing connects to a private address', () => {
  it.each(HOSTILE_HOSTS)('named in the URL: %s', async (host) => {
    await using client = createTestClient({ allowedAddresses: [] });
    await expect(client.listTools({ url: `http://${host}:${port}/mcp`, headers: {} })).rejects.toMatchObject(REFUSED);
    expect(connections).toBe(0);
  });

  const addresses = HOSTILE_HOSTS.map((host) => new URL(`http://${host}`).hostname.replace(/[[\]]|\.$/g, ''));
  it.each([...new Set(addresses)].filter((address) => isIP(address)))(
    'that a name resolves to: %s',
    async (address) => {
      const resolve = () =>
        Promise.resolve([
          { address: '1.1.1.1', family: 4 },
          { address, family: isIP(address) },
        ]);
      await using client = createTestClient({ allowedAddresses: [], resolve });
      await expect(client.listTools({ url: `http://mcp.example:${port}/`, headers: {} })).rejects.toMatchObject(
        REFUSED,
      );
      expect(connections).toBe(0);
    },
  );

  it('of which one listens and another does not, in words that tell them apart', async () => {
    await using client = createTestClient({ allowedAddresses: [] });
    const failures = await Promise.all(
      [port, 1].map((tried) =>
        client.listTools({ url: `http://127.0.0.1:${tried}/`, headers: {} }).catch((e: unknown) => String(e)),
      ),
    );
    expect(failures[0]).toBe(failures[1]);
  });

  it('although the operator allows the range around it, when it is one for metadata', async () => {
    await using client = createTestClient({ allowedAddresses: ['169.254.0.0/16', 'fd00::/8'] });
    for (const host of ['169.254.169.254', '[fd00:ec2::254]']) {
      await expect(client.listTools({ url: `http://${host}/`, headers: {} })).rejects.toMatchObject(REFUSED);
    }
  });

  it('by way of a proxy from the environment', async () => {
    process.env.HTTP_PROXY = process.env.http_proxy = `http://127.0.0.1:${port}`;
    try {
      await using server = await startHttpServer((_, res) =>
        res.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: MODERN_LIST })),
      );
      await using client = createTestClient();
      await client.listTools({ url: server.url, headers: {} }).catch(() => undefined);
      expect(connections).toBe(0);
    } finally {
      delete process.env.HTTP_PROXY;
      delete process.env.http_proxy;
    }
  });
});

describe('a name', () => {
  it('whose address changes between look and connect leads only to what was checked', async () => {
    let welcome = 0;
    let unwelcome = 0;
    const open = createServer((socket) => {
      welcome++;
      socket.end('HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(open, 'listening');
    const { port: openPort } = open.address() as AddressInfo;
    const closed = createServer(() => unwelcome++).listen(openPort, '127.0.0.2');
    // Only Linux has all of 127.0.0.0/8; elsewhere the codes below must do.
    await once(closed, 'listening').catch(() => undefined);

    let resolutions = 0;
    const resolve = () => Promise.resolve([{ address: resolutions++ % 2 ? '127.0.0.2' : '127.0.0.1', family: 4 }]);
    await using client = createTestClient({ allowedAddresses: ['127.0.0.1'], resolve });
    const codes: unknown[] = [];
    for (let i = 0; i < 300; i++) {
      const failed = client.listTools({ url: `http://mcp.example:${openPort}/`, headers: {} });
      await failed.catch((error: { code: unknown }) => codes.push(error.code));
    }
    expect(codes.filter((code) => code === 'server_error')).toHaveLength(150);
    expect(codes.filter((code) => code === 'address_refused')).toHaveLength(150);
    expect({ welcome, unwelcome, resolutions }).toEqual({ welcome: 150, unwelcome: 0, resolutions: 300 });
    for (const server of [open, closed]) server.close();
  });

  it('stays the name for TLS and Host, though the socket connects to a checked address', async () => {
    const names: string[] = [];
    const server = createTlsServer({
      SNICallback: (name, done) => {
        names.push(name);
        done(new Error('no certificate here'));
      },
    });
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    await using client = createTestClient({ resolve });
    const url = `https://mcp.example:${(server.address() as AddressInfo).port}/`;
    await expect(client.listTools({ url, headers: {} })).rejects.toMatchObject({
      code: 'connection_failed',
      sent: false,
    });
    expect(names).toEqual(['mcp.example']);
    await new Promise((closed) => server.close(closed));

    let host: string | undefined;
    await using plain = await startHttpServer((req, res) => {
      ({ host } = req.headers);
      res.writeHead(500).end();
    });
    const plainPort = new URL(plain.url).port;
    await client.listTools({ url: `http://mcp.example:${plainPort}/`, headers: {} }).catch(() => undefined);
    expect(host).toBe(`mcp.example:${plainPort}`);
  });
});
