import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { AgentService } from '@agent-platform/proto';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { serviceOf, startServer } from './fixture.ts';

const PATH = '/agentplatform.management.v1.AgentService/GetAgent';
const BODY = JSON.stringify({ agent: 'large' });
const TIMES = 5;

let server: Awaited<ReturnType<typeof startServer>>;
const onConsole = vi.spyOn(console, 'error').mockImplementation(() => undefined);
beforeAll(async () => {
  const large = { agent: { instructions: 'x'.repeat(10_000_000) } };
  server = await startServer([serviceOf((router) => router.service(AgentService, { getAgent: () => large }))]);
});
beforeEach(() => onConsole.mockClear());
afterAll(() => server[Symbol.asyncDispose]());

/** What was cut off is over when others have been answered. */
async function expectQuiet() {
  for (let n = 0; n < 3; n++) expect((await server.request('GET', '/api/v1/agents/large')).status).toBe(200);
  expect(onConsole).not.toHaveBeenCalled();
}

it.each(['before the answer', 'in the middle of it'])('a client that resets its connection %s', async (when) => {
  const { port } = new URL(server.url);
  for (let n = 0; n < TIMES; n++) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer all\r\ncontent-type: application/json\r\n` +
        `content-length: ${BODY.length}\r\n\r\n${BODY}`,
    );
    if (when === 'in the middle of it') await once(socket, 'data');
    else await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
  }
  await expectQuiet();
});

it.each([
  'NGHTTP2_CANCEL',
  'NGHTTP2_PROTOCOL_ERROR',
  'NGHTTP2_INTERNAL_ERROR',
  'NGHTTP2_NO_ERROR',
  'NGHTTP2_REFUSED_STREAM',
] as const)('a client that closes its stream with %s', async (code) => {
  for (let n = 0; n < TIMES; n++) {
    const session = connectHttp2(server.url, { settings: { initialWindowSize: 1_000 } });
    session.on('error', () => undefined);
    const headers = { authorization: 'Bearer all', 'content-type': 'application/json' };
    const stream = session.request({ ':method': 'POST', ':path': PATH, ...headers });
    stream.on('error', () => undefined);
    stream.end(BODY);
    await once(stream, 'data');
    stream.close(constants[code]);
    if (n % 2 === 0) session.destroy();
    else session.close();
    await once(session, 'close');
  }
  await expectQuiet();
});

it('a client that destroys its session', async () => {
  for (let n = 0; n < TIMES; n++) {
    const session = connectHttp2(server.url, { settings: { initialWindowSize: 1_000 } });
    session.on('error', () => undefined);
    const headers = { authorization: 'Bearer all', 'content-type': 'application/json' };
    const stream = session.request({ ':method': 'POST', ':path': PATH, ...headers });
    stream.on('error', () => undefined);
    stream.end(BODY);
    await once(stream, 'data');
    session.destroy(undefined, constants.NGHTTP2_INTERNAL_ERROR);
    await once(session, 'close');
  }
  await expectQuiet();
});
