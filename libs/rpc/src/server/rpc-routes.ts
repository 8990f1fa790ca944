import { createConnectRouter, type Interceptor } from '@connectrpc/connect';
import type { UniversalServerRequest } from '@connectrpc/connect/protocol';
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import { key, type Routes } from '../methods.ts';

/**
 * The methods over Connect, gRPC and gRPC-Web. As `fastifyConnectPlugin` of `@connectrpc/connect-fastify` 2.2.0 does it, but
 * for three things: that one writes to the console whenever a client hangs up during an answer, leaves a request that it
 * cannot read (HTTP/1.0 without a host) without an answer, and takes OPTIONS for itself.
 */
export function addRpcRoutes(
  app: FastifyInstance,
  o: { routes: Routes; interceptors: Interceptor[]; maxBytes: number; logger: Logger },
): void {
  const router = createConnectRouter({
    interceptors: o.interceptors,
    readMaxBytes: o.maxBytes,
    // As REST: an unknown field or value is a mistake of the caller's, not something to pass over.
    jsonOptions: { ignoreUnknownFields: false },
    acceptCompression: [compressionGzip, compressionBrotli],
  });
  o.routes(router);
  void app.register(async (scope) => {
    // Connect reads the bodies itself.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    for (const handler of router.handlers) {
      const method = handler.allowedMethods as HTTPMethods[];
      const answerCall = async (request: FastifyRequest, reply: FastifyReply) => {
        const answer = await handler(readRequest(request, reply));
        reply.hijack();
        universalResponseToNodeResponse(answer, reply.raw).catch((err: unknown) => {
          // What the method itself throws has been answered; this is the connection, or the client.
          o.logger.debug({ err, rpc: key(handler.method) }, 'the answer could not be sent');
          reply.raw.destroy();
        });
      };
      // Other methods are answered as everywhere.
      scope.route({ method, url: handler.requestPath, handler: answerCall });
    }
  });
}

function readRequest(request: FastifyRequest, reply: FastifyReply): UniversalServerRequest {
  try {
    return universalRequestFromNodeRequest(request.raw, reply.raw, undefined, undefined);
  } catch (cause) {
    // All that can go wrong is making a URL of what the client says it called.
    throw new AppError('invalid_argument', 'invalid_host', 'The Host header is missing or not valid.', { cause });
  }
}
