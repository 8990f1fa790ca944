import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { event, startIngest } from './fixtures.ts';

const ingest = await startIngest({ maxBodyBytes: 10_000 });
beforeAll(() => ingest.app.listen({ host: '127.0.0.1', port: 0 }));
afterAll(() => ingest[Symbol.asyncDispose]());

/** A plain socket: sends exactly what it is told, keeps what it gets. */
async function open() {
  const socket = connect((ingest.app.server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  return {
    send: (data: string | Buffer) => socket.write(data),
    closed,
    text: () => text,
    /** Status codes, once there are so many. */
    async statuses(count = 1): Promise<number[]> {
      for (;;) {
        const found = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
        if (found.length >= count || socket.closed) return found;
        await Promise.race([once(socket, 'data'), closed]);
      }
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

const head = (headers: Record<string, string | number | string[]>) => {
  const all = { host: 'localhost', 'content-type': 'application/json', 'x-webhook-token': ingest.token, ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
  return `POST /webhooks/events HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
};
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const request = (body = event()) => head({ 'content-length': Buffer.byteLength(body) }) + body;

describe('over a socket', () => {
  it('takes a body in chunks, split anywhere', async () => {
    using client = await open();
    client.send(head({ 'transfer-encoding': 'chunked' }));
    for (const character of event({ payload: { text: 'é€😀' } })) client.send(chunk(character));
    client.send('0\r\n\r\n');
    expect(await client.statuses()).toEqual([202]);
  });

  it('refuses a body in chunks as soon as it is too large, without waiting for its end', async () => {
    using client = await open();
    client.send(head({ 'transfer-encoding': 'chunked' }));
    for (let i = 0; i < 11; i++) client.send(chunk('x'.repeat(1_000)));
    expect(await client.statuses()).toEqual([413]);
    expect(client.text()).toContain('payload_too_large');
  });

  it('refuses by the announced length before any of it has come', async () => {
    using client = await open();
    client.send(head({ 'content-length': 5_000_000_000 }));
    expect(await client.statuses()).toEqual([413]);
  });

  it('refuses an unknown token before any of the body has come', async () => {
    using client = await open();
    client.send(head({ 'content-length': 9_000, 'x-webhook-token': 'whk_abc123def456' }));
    expect(await client.statuses()).toEqual([401]);
  });

  it('refuses two tokens, even if both are good', async () => {
    using client = await open();
    const body = event();
    client.send(head({ 'content-length': body.length, 'x-webhook-token': [ingest.token, ingest.token] }) + body);
    expect(await client.statuses()).toEqual([401]);
  });

  it.each([
    ['401', () => head({ 'content-length': 9_000, 'x-webhook-token': 'whk_' }), 9_000],
    ['413', () => head({ 'content-length': 300_000 }), 300_000],
    ['415', () => head({ 'content-length': 9_000, 'content-type': 'text/plain' }), 9_000],
    ['405', () => head({ 'content-length': 9_000 }).replace('POST', 'PUT'), 9_000],
  ])('goes on with the next request after a %s, once the refused body is over', async (status, start, length) => {
    using client = await open();
    client.send(start());
    expect(await client.statuses()).toEqual([Number(status)]);
    client.send('x'.repeat(length));
    client.send(request());
    expect(await client.statuses(2)).toEqual([Number(status), 202]);
  });

  it('lets a sender that only reads after it has sent get its refusal', async () => {
    using client = await open();
    client.send(head({ 'content-length': 4_000_000 }));
    client.send(Buffer.alloc(4_000_000, 'x'));
    expect(await client.statuses()).toEqual([413]);
    expect(client.text()).toContain('payload_too_large');
  });

  it('closes the connection on a refused body that never ends', async () => {
    using client = await open();
    client.send(head({ 'transfer-encoding': 'chunked', 'x-webhook-token': 'whk_' }));
    expect(await client.statuses()).toEqual([401]);
    const timer = setInterval(() => client.send(chunk('x')), 100);
    await client.closed;
    clearInterval(timer);
  });

  it('does not close a connection whose next request is under way', async () => {
    using client = await open();
    client.send(head({ 'content-length': 3, 'x-webhook-token': 'whk_' }));
    expect(await client.statuses()).toEqual([401]);
    client.send(`{}\n${request()}`);
    expect(await client.statuses(2)).toEqual([401, 202]);
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    client.send(request());
    expect(await client.statuses(3)).toEqual([401, 202, 202]);
  });

  it('survives senders that leave in the middle, and logs nothing of it', async () => {
    for (let i = 0; i < 20; i++) {
      using client = await open();
      client.send(head({ 'content-length': 9_000 }) + 'x'.repeat(i * 100));
      await new Promise(setImmediate);
    }
    using client = await open();
    client.send(request());
    expect(await client.statuses()).toEqual([202]);
    expect(ingest.lines).toEqual([]);
  });

  it('answers requests that come at once on one connection, in order', async () => {
    using client = await open();
    client.send(request() + request('{}') + request());
    expect(await client.statuses(3)).toEqual([202, 400, 202]);
  });
});
