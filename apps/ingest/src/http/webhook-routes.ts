import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendOtherMethod, sendProblem } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import type { IngestMetrics } from '../metrics.ts';
import { dropRest } from './drop-rest.ts';
import { requestErrorOf } from './request-error.ts';

const INTERNAL = new AppError(
  'internal',
  'internal',
  'The event was not accepted, for a reason of ours. Send it again.',
);

declare module 'fastify' {
  interface FastifyRequest {
    /** What is to be done with the body; null until the request was admitted. */
    acceptWebhook: Accept | null;
    /** What the request is counted as: the outcome of its answer, or the code of its refusal. */
    webhookOutcome: string;
  }
}

export interface Answer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  /** What it is counted as. */
  readonly outcome: string;
}

/** Takes the body of a request that was admitted. Answers once the event is durable. */
export type Accept = (body: Buffer) => Promise<Answer>;

/** Before anything of the body is read: whether this request may be looked at. */
export type Admit = (request: FastifyRequest) => Accept | Promise<Accept>;

export interface WebhookRoutes {
  /** The ways to be admitted, by path. */
  readonly routes: Readonly<Record<string, Admit>>;
  readonly maxBodyBytes: number;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
}

/** Takes events with `POST`, with its own way to read bodies and to answer errors. */
export function webhookRoutes(app: FastifyInstance, { routes, maxBodyBytes, metrics, logger }: WebhookRoutes): void {
  void app.register(async (scope) => {
    scope.decorateRequest('acceptWebhook', null);
    scope.decorateRequest('webhookOutcome', 'accepted');
    scope.removeAllContentTypeParsers();
    // By its name as well: for what only '*' covers Fastify takes the header apart each time.
    scope.addContentTypeParser(['application/json', '*'], { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );

    scope.setErrorHandler((error, request, reply) => {
      const known = requestErrorOf(error, maxBodyBytes);
      if (known === undefined) logger.error({ err: error }, 'a webhook request failed for an unknown reason');
      return refuse(request, reply, known ?? INTERNAL);
    });
    scope.addHook('onResponse', (request, reply, done) => {
      metrics.count(request.webhookOutcome, reply.elapsedTime / 1000);
      done();
    });

    for (const [path, admit] of Object.entries(routes)) {
      scope.post(path, {
        bodyLimit: maxBodyBytes,
        onRequest(request, _reply, done) {
          const admitted = (accept: Accept) => {
            request.acceptWebhook = accept;
            done();
          };
          const accept = admit(request);
          if (accept instanceof Promise) accept.then(admitted, done);
          else admitted(accept);
        },
        async handler(request, reply) {
          const { status, body, outcome } = await request.acceptWebhook!(request.body as Buffer);
          request.webhookOutcome = outcome;
          reply.code(status).header('content-type', 'application/json');
          return body;
        },
      });
      scope.route({
        method: scope.supportedMethods.filter((method) => method !== 'POST'),
        url: path,
        async onRequest(request, reply) {
          request.webhookOutcome = request.method === 'OPTIONS' ? 'options' : 'method_not_allowed';
          dropRest(request.raw);
          sendOtherMethod(reply, request.method, ['POST']);
          return reply;
        },
        handler: () => {},
      });
    }
  });
}

function refuse(request: FastifyRequest, reply: FastifyReply, error: AppError): FastifyReply {
  request.webhookOutcome = error.code;
  // Fastify closes the connection after a body it did not read to its end, and the answer is lost with it.
  reply.removeHeader('connection');
  dropRest(request.raw);
  return sendProblem(reply, error);
}
