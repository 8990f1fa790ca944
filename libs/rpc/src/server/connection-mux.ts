import { createServer as createHttp1Server, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerClientErrors, refuseWithoutHost } from './client-errors.ts';

/** Milliseconds. */
export interface Timeouts {
  /** From the connection to its first bytes, and from there to the end of the headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  /** For which a connection without a request is kept. */
  readonly keepAliveTimeoutMs: number;
  /** For which requests on open connections, and new ones, are still served when the server stops. */
  readonly lingerMs: number;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP/1.1 server whose port also takes HTTP/2 connections. */
export interface ConnectionMux {
  readonly server: Server;
  /**
   * Tells every client to go, serves what it sends before it hears that, lets requests finish, and closes every
   * connection that has none. Resolves when all are closed.
   */
  drain(): Promise<void>;
  /** Closes every connection as it is. */
  destroy(): void;
}

/** What every HTTP/2 client sends first (https://www.rfc-editor.org/rfc/rfc9113#section-3.4); never an HTTP/1.1 request. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Serves HTTP/1.1 and HTTP/2 without TLS on one port, by looking at what a connection sends first. Without TLS there is
 * no ALPN to agree on the protocol, and gRPC clients start with HTTP/2 at once.
 */
export function createConnectionMux(handler: RequestHandler, timeouts: Timeouts): ConnectionMux {
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;

  const server = createHttp1Server(
    {
      headersTimeout: timeouts.headersTimeoutMs,
      requestTimeout: timeouts.requestTimeoutMs,
      keepAliveTimeout: timeouts.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, timeouts.headersTimeoutMs),
      // Finds out about peers that are gone without a word.
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      requireHostHeader: false,
    },
    (request, response) => {
      // Node closes the connection after this answer.
      if (draining) response.setHeader('connection', 'close');
      noteRequest(request, response);
      if (request.httpVersion === '1.1' && request.headers.host === undefined) refuseWithoutHost(response);
      else handler(request, response);
    },
  );
  const noteRequest = answerClientErrors(server);
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 256 } });
  // Its compatibility API is made to look like HTTP/1.1's, and Fastify and Connect take either.
  http2.on('request', handler as never);
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setTimeout(timeouts.keepAliveTimeoutMs, () => session.close());
    if (draining) session.close();
  });
  http2.on('stream', (stream: ServerHttp2Stream) => limitReceiving(stream, timeouts.requestTimeoutMs));

  // HTTP/1.1 keeps its own way with connections (timeouts, closing); it only does not see those that are HTTP/2.
  const [serveHttp1] = server.listeners('connection') as [(this: Server, socket: Socket) => void];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    undecided.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
    peek(socket, timeouts.headersTimeoutMs, (isHttp2) => {
      undecided.delete(socket);
      if (isHttp2) http2.emit('connection', socket);
      else serveHttp1.call(server, socket);
    });
  });

  return {
    server,
    async drain() {
      draining = true;
      // HTTP/2 says which of its streams were served (GOAWAY). HTTP/1.1 cannot: a client that has
      // sent a request on an idle connection, closed meanwhile, does not know whether it may send it again.
      for (const session of sessions) session.close();
      const endMs = performance.now() + timeouts.lingerMs;
      while (sockets.size > 0 && performance.now() < endMs) await sleep(20);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of undecided) socket.destroy();
      // A connection whose last request is answered now would otherwise be kept for the next one.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await closed;
      clearInterval(sweep);
    },
    destroy() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Node limits for how long a request may be on its way over HTTP/1.1, but not over HTTP/2. */
function limitReceiving(stream: ServerHttp2Stream, timeoutMs: number): void {
  const timer = setTimeout(() => stream.close(), timeoutMs);
  const stop = () => clearTimeout(timer);
  stream.once('end', stop).once('close', stop);
}

/** Reads until it is clear which protocol the client speaks, and gives back what it has read. */
function peek(socket: Socket, timeoutMs: number, decided: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const giveUp = () => socket.destroy();
  const timer = setTimeout(giveUp, timeoutMs);
  const stop = () => {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', giveUp).off('error', giveUp).off('close', stop);
  };
  const onReadable = () => {
    for (let chunk: Buffer | null; (chunk = socket.read() as Buffer | null);) seen = Buffer.concat([seen, chunk]);
    if (seen.length === 0) return;
    const compared = Math.min(seen.length, PREFACE.length);
    const isHttp2 = seen.compare(PREFACE, 0, compared, 0, compared) === 0;
    if (isHttp2 && compared < PREFACE.length) return;
    stop();
    socket.unshift(seen);
    decided(isHttp2);
  };
  socket.on('readable', onReadable).on('end', giveUp).on('error', giveUp).on('close', stop);
}
