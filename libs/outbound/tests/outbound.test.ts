import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { HOSTILE_HOSTS, startHttpServer } from '@agent-platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound, LOOPBACK_ADDRESSES, type OutboundOptions } from '../src/index.ts';

const local = (o: Partial<OutboundOptions> = {}) => createOutbound({ allowedAddresses: LOOPBACK_ADDRESSES, ...o });

describe('nothing is connected to', () => {
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
  afterAll(() => void canary.close());

  it.each(HOSTILE_HOSTS)('at %s', async (host) => {
    await using outbound = createOutbound({ allowedAddresses: [] });
    const url = new URL(`http://${host}:${port}/`);
    await expect(outbound.json({ url })).rejects.toMatchObject({ reason: 'address_refused', sent: false });
    expect(connections).toBe(0);
  });
});

describe('a small exchange of JSON', () => {
  it('asks by GET, and sends a form by POST', async () => {
    const seen: unknown[] = [];
    await using server = await startHttpServer((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString()));
      req.on('end', () => {
        seen.push([req.method, req.url, req.headers['content-type'], req.headers.accept, req.headers['x-extra'], body]);
        res.setHeader('etag', '"1"').end('{"a":1}');
      });
    });
    await using outbound = local();
    const url = new URL(`${server.url}/keys?a=b`);
    const answer = await outbound.json({ url, headers: { 'x-extra': 'yes' } });
    expect(answer).toMatchObject({ status: 200, json: { a: 1 }, headers: { etag: '"1"' } });
    await outbound.json({ url, form: new URLSearchParams({ scope: 'a b&c' }) });
    expect(seen).toEqual([
      ['GET', '/keys?a=b', undefined, 'application/json', 'yes', ''],
      ['POST', '/keys?a=b', 'application/x-www-form-urlencoded', 'application/json', undefined, 'scope=a+b%26c'],
    ]);
  });

  it('follows no redirect', async () => {
    let requests = 0;
    await using server = await startHttpServer((req, res) => {
      requests++;
      res.writeHead(302, { location: `http://${req.headers.host}/elsewhere` }).end();
    });
    await using outbound = local();
    const answer = await outbound.json({ url: new URL(server.url), form: new URLSearchParams({ secret: 'x' }) });
    expect(answer).toMatchObject({ status: 302, json: undefined });
    expect(requests).toBe(1);
  });

  it('of an error is what the error says, if it is JSON', async () => {
    let body = '';
    await using server = await startHttpServer((_, res) => void res.writeHead(400).end(body));
    await using outbound = local();
    const url = new URL(server.url);
    for (const [sent, json] of [
      ['{"error":"invalid_client"}', { error: 'invalid_client' }],
      ['<html>', undefined],
      ['', undefined],
      [`"${'x'.repeat(1024 * 1024)}"`, undefined],
    ] as const) {
      body = sent;
      expect(await outbound.json({ url })).toMatchObject({ status: 400, json });
    }
  });

  it.each([
    ['too_large', (write: (text: string) => void) => write(`"${'x'.repeat(1024 * 1024)}"`)],
    ['too_large', (write: (text: string) => void) => write('x'.repeat(1024 * 1024 + 1))],
    ['unreadable', (write: (text: string) => void) => write('{"secret":')],
  ] as const)('is %s when it is not what it should be', async (reason, script) => {
    await using server = await startHttpServer((_, res) => script((text) => res.end(text)));
    await using outbound = local();
    await expect(outbound.json({ url: new URL(server.url) })).rejects.toMatchObject({ reason, sent: true });
  });

  it.each([
    ['says nothing', () => undefined],
    ['drips', (write: (text: string) => void) => void setInterval(() => write(' '), 10).unref()],
  ] as const)('ends with its deadline when the server %s', async (_, script) => {
    await using server = await startHttpServer((_, res) => script((text) => void res.write(text)));
    await using outbound = local();
    const failed = outbound.json({ url: new URL(server.url), timeoutMs: 100 });
    await expect(failed).rejects.toMatchObject({ reason: 'timeout', sent: true });
  });

  it('ends with its deadline when the name is not found out', async () => {
    await using outbound = local({ resolve: () => new Promise(() => undefined) });
    const failed = outbound.json({ url: new URL('http://keys.example/'), timeoutMs: 50 });
    await expect(failed).rejects.toMatchObject({ reason: 'timeout', sent: false });
  });

  it('takes no headers without end', async () => {
    await using server = await startHttpServer((_, res) => void res.setHeader('x', 'y'.repeat(70_000)).end('{}'));
    await using outbound = local();
    await expect(outbound.json({ url: new URL(server.url) })).rejects.toMatchObject({ reason: 'too_large' });
  });
});
