import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createConnectionMux, type RequestHandler } from '../src/server/connection-mux.ts';

const timeouts = { headersTimeoutMs: 200, requestTimeoutMs: 400, keepAliveTimeoutMs: 300, lingerMs: 0 };

async function start(handler: RequestHandler = (_request, response) => response.end('hello'), o = timeouts) {
  const mux = createConnectionMux(handler, o);
  mux.server.listen(0, '127.0.0.1');
  await once(mux.server, 'listening');
  const { port } = mux.server.address() as AddressInfo;
  const sockets: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    mux.destroy();
    await mux.drain();
  });
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  return { mux, open, url: `http://127.0.0.1:${port}` };
}

/** What the server says until it closes the connection; if it does not, the test runs out of time. */
async function untilClosed(socket: Socket): Promise<string> {
  return text(socket);
}

describe('one port', () => {
  it('takes a request in however many pieces it comes', async () => {
    const { open } = await start();
    const socket = await open();
    for (const piece of ['P', 'R', 'OPFIND / HTTP/1.1\r\n', 'host: x\r\nconnection: close\r\n\r\n']) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await untilClosed(socket)).toContain('200 OK');
  });

  it('takes pipelined requests', async () => {
    const { open } = await start((request, response) => response.end(`[${request.url}]`));
    const socket = await open();
    socket.write('GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(await untilClosed(socket)).toMatch(/\[\/1\][^]*\[\/2\]/);
  });

  it('takes large bodies over both protocols', async () => {
    const { url } = await start((request, response) => {
      void text(request).then((body) => response.end(String(body.length)));
    });
    const body = 'x'.repeat(3_000_000);
    expect(await (await fetch(url, { method: 'POST', body })).text()).toBe('3000000');
    const session = connectHttp2(url);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.end(body);
    expect(await text(stream)).toBe('3000000');
  });
});

describe('a connection is closed when it', () => {
  it.each([
    ['says nothing', ''],
    ['says half of the HTTP/2 preface', 'PRI * HT'],
    ['does not finish its headers', 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: '],
    ['does not finish its body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc'],
    ['sends the HTTP/2 preface and nothing else', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['has nothing more to ask', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['speaks neither protocol', '\x16\x03\x01\x00\xa5\x01\x00\x00'],
  ])('%s', async (_name, bytes) => {
    const { open } = await start((request, response) => {
      request.resume().once('end', () => response.end('hello'));
    });
    const socket = await open();
    socket.write(bytes);
    await untilClosed(socket);
    expect(socket.readableEnded).toBe(true);
  });

  it('is reset before it is clear what it speaks', async () => {
    const { open, url } = await start();
    for (let i = 0; i < 20; i++) {
      const socket = await open();
      socket.write('PRI');
      socket.resetAndDestroy();
    }
    expect((await fetch(url)).status).toBe(200);
  });

  it('opens an HTTP/2 stream and does not finish its body', async () => {
    const { url } = await start((request, response) => {
      request.resume().once('end', () => response.end('hello'));
    });
    const session = connectHttp2(url);
    onTestFinished(() => session.destroy());
    session.on('error', () => {});
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => {});
    stream.write('abc');
    await once(stream, 'close');
    expect(stream.closed).toBe(true);
  });
});

describe('what is no request', () => {
  const post = (headers: string, body = '') => `POST / HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n${body}`;
  const readAll: RequestHandler = (request, response) => void request.resume().once('end', () => response.end('hello'));

  it.each([
    ['two lengths', post('content-length: 3\r\ncontent-length: 4', 'abcd'), 400, 'malformed_request'],
    ['a length and chunks', post('content-length: 3\r\ntransfer-encoding: chunked', 'abc'), 400, 'malformed_request'],
    ['a length that is none', post('content-length: 3x', 'abc'), 400, 'malformed_request'],
    ['a chunk that is none', post('transfer-encoding: chunked', 'zz\r\n'), 400, 'malformed_request'],
    ['a broken request line', 'GET / HTTQ/1.1\r\nhost: x\r\n\r\n', 400, 'malformed_request'],
    ['no method', '{"event_type":"a"}', 400, 'malformed_request'],
    ['a broken header', 'GET / HTTP/1.1\r\nhost: x\r\nbro ken\r\n\r\n', 400, 'malformed_request'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
    [
      'too many headers',
      `GET / HTTP/1.1\r\nhost: x\r\nx-flood: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['headers that do not end', 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: ', 408, 'request_timeout'],
    ['a body that does not end', post('content-length: 10', 'abc'), 408, 'request_timeout'],
  ])('is answered as any other error: %s', async (_name, bytes, status, code) => {
    const { open } = await start(readAll);
    const socket = await open();
    socket.write(bytes);
    const [head, body] = (await untilClosed(socket)).split('\r\n\r\n') as [string, string];
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`));
    expect(head.toLowerCase()).toContain('content-type: application/problem+json');
    const problem = JSON.parse(body) as Record<string, unknown>;
    expect(problem).toMatchObject({ type: 'about:blank', status, code, detail: expect.any(String) as string });
  });

  it('is a body that is shorter than it said', async () => {
    const { open } = await start(readAll);
    const socket = await open();
    socket.end(post('content-length: 10', 'abc'));
    const answer = await untilClosed(socket);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('"code":"request_incomplete"');
  });

  it.each([false, true])('waits for the answer to the request before it; begun: %s', async (isBegun) => {
    const answers = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const { open } = await start((_request, response) => {
      if (isBegun) response.writeHead(200, { 'content-length': 7 }).write('> ');
      started.resolve();
      void answers.promise.then(() => response.end('hello'));
    });
    const socket = await open();
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await started.promise;
    socket.write('garbage\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    answers.resolve();
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1.1 200 OK[^]*hello[^]*HTTP\/1.1 400 Bad Request/);
  });

  it('gets no second answer when it is the rest of a request that was refused', async () => {
    const { open } = await start((_request, response) => response.writeHead(401).end());
    const socket = await open();
    socket.write(post('transfer-encoding: chunked'));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
    socket.write('zz\r\n');
    expect(await untilClosed(socket)).toBe('');
  });
});

describe('header floods', () => {
  it('are refused over HTTP/1.1', async () => {
    let requests = 0;
    const { open } = await start(() => requests++);
    const socket = await open();
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\n${'x-flood: aaaaaaaaaaaaaaaa\r\n'.repeat(5_000)}\r\n`);
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect(requests).toBe(0);
  });

  it('are refused over HTTP/2', async () => {
    let requests = 0;
    const { url } = await start(() => requests++);
    const session = connectHttp2(url, { maxSendHeaderBlockLength: 1_000_000 });
    onTestFinished(() => session.destroy());
    session.on('error', () => {});
    const headers = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`x-flood-${i}`, 'a'.repeat(50)]));
    const stream = session.request({ ':path': '/', ...headers });
    const error = await new Promise((resolve) => stream.once('error', resolve));
    expect(String(error)).toContain('ENHANCE_YOUR_CALM');
    expect(requests).toBe(0);
  });
});

describe('draining', () => {
  const patient = { headersTimeoutMs: 60_000, requestTimeoutMs: 60_000, keepAliveTimeoutMs: 60_000, lingerMs: 0 };

  it('answers what is under way, closes what is not, and leaves nothing open', async () => {
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    let waiting = 0;
    const { mux, open, url } = await start((_request, response) => {
      if (++waiting === 2) started.resolve();
      void gate.promise.then(() => response.end('done'));
    }, patient);
    const silent = await open();
    const underWay = fetch(url).then((response) => response.text());
    const session = connectHttp2(url);
    const stream = session.request({ ':path': '/' });
    await started.promise;
    const idle = connectHttp2(url);
    await once(idle, 'remoteSettings');

    const drained = mux.drain();
    await untilClosed(silent);
    await once(idle, 'close');
    gate.resolve();
    expect([await underWay, await text(stream)]).toEqual(['done', 'done']);
    await drained;
    expect(mux.server.listening).toBe(false);
  });

  it('answers what comes on idle connections while clients do not know yet, and says that it was the last', async () => {
    const { mux, open } = await start(undefined, { ...patient, lingerMs: 1_000 });
    const request = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
    const sockets = await Promise.all(Array.from({ length: 20 }, open));
    for (const socket of sockets) {
      socket.write(request);
      await once(socket, 'data');
    }

    const drained = mux.drain();
    for (const socket of sockets) socket.write(request);
    const answers = await Promise.all(sockets.map(untilClosed));
    expect(answers.map((answer) => /^HTTP\/1.1 200 OK[^]*connection: close/i.test(answer))).toEqual(
      Array.from({ length: 20 }, () => true),
    );
    await drained;
  });

  it('closes what does not finish when told to', async () => {
    const started = Promise.withResolvers<void>();
    const { mux, open } = await start(() => started.resolve(), patient);
    const socket = await open();
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await started.promise;
    const drained = mux.drain();
    mux.destroy();
    await drained;
    await untilClosed(socket);
  });
});
