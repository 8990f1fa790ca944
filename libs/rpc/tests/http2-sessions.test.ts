import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openHttp2Sessions } from '../src/http2-sessions.ts';

/** Answers every request, and keeps its sessions. */
async function startHttp2() {
  const sessions: ServerHttp2Session[] = [];
  const server = createServer((_request, response) => response.end('ok'));
  server.on('session', (session) => sessions.push(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, sessions, [Symbol.asyncDispose]: async () => void server.close() };
}

describe('HTTP/2 sessions', () => {
  it('outlive a service that closes them in good order while new calls come', async () => {
    await using server = await startHttp2();
    using sessions = openHttp2Sessions(server.url);
    const call = async () => {
      const stream = await sessions.request('GET', '/', {}, { endStream: true });
      const { session } = stream;
      await once(stream.resume(), 'close');
      return session;
    };
    for (let round = 0; round < 20; round++) {
      const session = (await call())!;
      const said = once(session, 'goaway');
      server.sessions.at(-1)!.close();
      await said;
      // The connection is destroyed now, and raises its error when its socket is closed; this call needs another one.
      await call();
    }
    expect(server.sessions.length).toBeGreaterThanOrEqual(20);
  });

  it('say when nothing answers', async () => {
    using sessions = openHttp2Sessions('http://127.0.0.1:1');
    await expect(sessions.check()).rejects.toMatchObject({ kind: 'unavailable' });
    await using server = await startHttp2();
    using other = openHttp2Sessions(server.url);
    await other.check();
  });
});
