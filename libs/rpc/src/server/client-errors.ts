import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problem, PROBLEM_TYPE, type Problem } from '../problem.ts';

/** What Node's HTTP/1.1 server says of bytes that it cannot take for a request. */
interface ParserError extends Error {
  readonly code?: string;
  /** The parser's own words, such as "Content-Length already present". */
  readonly reason?: string;
}

/**
 * Answers what never becomes a request (a broken request line, two lengths, a body that ends too early) as every other
 * error, and closes the connection. What was asked on it before is answered first.
 *
 * @returns has to be told of every request.
 */
export function answerClientErrors(server: Server): (request: IncomingMessage, response: ServerResponse) => void {
  const last = new WeakMap<Socket, { readonly request: IncomingMessage; readonly response: ServerResponse }>();
  server.on('clientError', (error: ParserError, socket: Socket) => {
    const { request, response } = last.get(socket) ?? {};
    const isOfBody = request?.complete === false;
    if (error.code === 'ECONNRESET' || (isOfBody && response?.headersSent)) socket.destroy();
    else if (!isOfBody && response?.writableEnded === false) response.once('close', () => refuse(socket, error));
    else refuse(socket, error);
  });
  return (request, response) => void last.set(request.socket, { request, response });
}

/** What Node itself would answer without a word (https://www.rfc-editor.org/rfc/rfc9112#section-3.2). */
export function refuseWithoutHost(response: ServerResponse): void {
  const { status, headers, body } = answerOf({ reason: 'Missing Host header' });
  response.writeHead(status, headers).end(body);
}

function refuse(socket: Socket, error: ParserError): void {
  const { status, title, headers, body } = answerOf(error);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}

function answerOf(error: Pick<ParserError, 'code' | 'reason'>) {
  const answer = problemOf(error);
  const body = JSON.stringify(answer);
  const headers = { 'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(body), connection: 'close' };
  return { status: answer.status, title: answer.title, headers, body };
}

/** https://nodejs.org/api/http.html#event-clienterror */
function problemOf({ code, reason }: Pick<ParserError, 'code' | 'reason'>): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problem(431, 'headers_too_large', 'The headers are larger than 16 KiB together.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem(408, 'request_timeout', 'The request took too long to come. Send it again.');
    case 'HPE_INVALID_EOF_STATE':
      return problem(400, 'request_incomplete', 'The connection closed before the whole request had come.');
    default:
      return problem(400, 'malformed_request', `The request is not valid HTTP${reason ? `: ${reason}` : ''}.`);
  }
}
