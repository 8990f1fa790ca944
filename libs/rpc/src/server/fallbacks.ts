import { Code, ConnectError } from '@connectrpc/connect';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { AppError, type ErrorKind } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import { fromConnectError, isFault } from '../errors.ts';
import { internalError } from '../interceptors/failures.ts';
import { sendOtherMethod, sendProblem } from '../problem.ts';
import { REQUEST_ID_HEADER, requestIdOf } from '../request-id.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** What Fastify itself refuses a request for, by its status. */
const KINDS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid_argument',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

/**
 * Answers what no route answers: paths that are not there, and whatever a route throws. As problem+json, except to gRPC
 * clients.
 */
export function addFallbacks(app: FastifyInstance, o: { where: string; logger: Logger }): void {
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const contentType = request.headers['content-type'] ?? '';
    if (contentType.startsWith('application/grpc')) return sendUnknownMethod(reply, contentType, path);
    const allowed = METHODS.filter((method) => app.hasRoute({ method, url: path }));
    if (allowed.length > 0) return sendOtherMethod(reply, request.method, allowed);
    return sendProblem(reply, new AppError('not_found', 'not_found', `There is nothing at ${path}. ${o.where}`));
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, o.logger));
}

/** "Trailers-Only": https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses */
function sendUnknownMethod(reply: FastifyReply, contentType: string, path: string): void {
  // Fastify sends headers first and then an end of its own, which would make these mere headers.
  const { raw } = reply.hijack();
  raw.setHeader('content-type', contentType);
  raw.setHeader('grpc-status', String(Code.Unimplemented));
  raw.setHeader('grpc-message', encodeURIComponent(`There is no method ${path}.`));
  raw.end();
}

export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply {
  const requestId = requestIdOf(request.headers[REQUEST_ID_HEADER]);
  const error = describe(thrown, request, requestId);
  void reply.header(REQUEST_ID_HEADER, requestId);
  if (isFault(error)) {
    const fields = { err: error, request_id: requestId, path: pathOf(request) };
    logger.error(fields, `${error.kind}: ${error.message}`);
  }
  return sendProblem(reply, error);
}

function describe(thrown: unknown, { raw }: FastifyRequest, requestId: string): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof ConnectError) return fromConnectError(thrown);
  const { statusCode, code, message } = thrown as Partial<FastifyError>;
  const isRefusal = code?.startsWith('FST_') && statusCode && statusCode < 500;
  const kind = isRefusal ? (KINDS[statusCode] ?? 'invalid_argument') : undefined;
  if (kind) return new AppError(kind, kind, message ?? kind, { cause: thrown });
  if (raw.destroyed && !raw.complete) {
    const text = 'The connection closed before the whole request had come.';
    return new AppError('invalid_argument', 'request_incomplete', text, { cause: thrown });
  }
  return internalError(thrown, requestId);
}

/** Without the query, which may hold what nobody should see; short, whatever was asked for. */
function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split('?', 1)[0]!.slice(0, 200);
}
