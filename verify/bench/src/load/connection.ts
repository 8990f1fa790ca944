import { once } from 'node:events';
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: (\d+)/i;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A keep-alive connection that carries one request at a time. */
export interface Connection extends Disposable {
  send(request: Buffer): void;
}

/**
 * HTTP/1.1 reduced to what a load generator needs, so that it costs less than what it measures: answers must have a
 * `Content-Length`.
 *
 * @param onAnswer - called for each answer, with its body only where the status is not the expected one.
 */
export async function openConnection(
  port: number,
  expected: number,
  o: { onAnswer: (answer: Answer) => void; onLost: (error: Error) => void },
): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let partial: Buffer | undefined;
  socket.on('data', (chunk: Buffer) => {
    const bytes = partial ? Buffer.concat([partial, chunk]) : chunk;
    partial = bytes;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const length = LENGTH.exec(bytes.toString('latin1', 0, headEnd))?.[1];
    if (length === undefined) return void socket.destroy(new Error('an answer came without Content-Length'));
    const end = headEnd + HEAD_END.length + Number(length);
    if (bytes.length < end) return;
    partial = undefined;
    const status = Number(bytes.toString('latin1', 9, 12));
    const body = status === expected ? '' : bytes.toString('utf8', headEnd + HEAD_END.length, end);
    o.onAnswer({ status, body });
  });
  let closing = false;
  socket.on('error', o.onLost);
  socket.on('close', () => closing || o.onLost(new Error('the server closed a connection')));
  return {
    send: (request) => void socket.write(request),
    [Symbol.dispose]: () => {
      closing = true;
      socket.destroy();
    },
  };
}
