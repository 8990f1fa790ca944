import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem, type Problem } from '@agent-platform/rpc';
import { AppError, type Logger } from '@agent-platform/service';
import type { IngestMetrics } from '../metrics.ts';
import type { WebhookSource } from '../tokens/webhook-source.ts';
import { dropRest } from './drop-rest.ts';
import { requestErrorOf } from './request-error.ts';

const PATH = '/webhooks/events';
const METHOD_NOT_ALLOWED = JSON.stringify({
  type: 'about:blank',
  title: 'Method Not Allowed',
  status: 405,
  detail: `Send events with POST ${PATH}.`,
  code: 'method_not_allowed',
} satisfies Problem);
const INTERNAL = new AppError(
  'internal',
  'internal',
  'The event was not accepted, for a reason of ours. Send it again.',
);

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose token came with the request. */
    webhookSource: WebhookSource | null;
    /** What the request is counted as: `accepted` or the code of its refusal. */
    webhookOutcome: string;
  }
}

export interface WebhookRoute {
  /** Before anything of the body is read: whether this request may be looked at. */
  readonly admit: (request: FastifyRequest) => WebhookSource | Promise<WebhookSource>;
  /** Answers the event's id once the event is durable. */
  readonly accept: (source: WebhookSource, request: FastifyRequest, body: Buffer) => Promise<string>;
  readonly maxBodyBytes: number;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
}

/** `POST /webhooks/events`, with its own way to read bodies and to answer errors. */
export function webhookRoute(app: FastifyInstance, route: WebhookRoute): void {
  void app.register(async (scope) => {
    scope.decorateRequest('webhookSource', null);
    scope.decorateRequest('webhookOutcome', 'accepted');
    scope.removeAllContentTypeParsers();
    // By its name as well: for what only '*' covers Fastify takes the header apart each time.
    scope.addContentTypeParser(['application/json', '*'], { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );

    scope.setErrorHandler((error, request, reply) => {
      const known = requestErrorOf(error, route.maxBodyBytes);
      if (known === undefined) route.logger.error({ err: error }, 'a webhook request failed for an unknown reason');
      return refuse(request, reply, known ?? INTERNAL);
    });
    scope.addHook('onResponse', (request, reply, done) => {
      route.metrics.count(request.webhookOutcome, reply.elapsedTime / 1000);
      done();
    });

    scope.post(PATH, {
      bodyLimit: route.maxBodyBytes,
      onRequest(request, _reply, done) {
        const admitted = (source: WebhookSource) => {
          request.webhookSource = source;
          done();
        };
        const source = route.admit(request);
        if (source instanceof Promise) source.then(admitted, done);
        else admitted(source);
      },
      async handler(request, reply) {
        const eventId = await route.accept(request.webhookSource!, request, request.body as Buffer);
        reply.code(202).header('content-type', 'application/json');
        return `{"event_id":"${eventId}","status":"accepted"}`;
      },
    });
    scope.route({
      method: scope.supportedMethods.filter((method) => method !== 'POST'),
      url: PATH,
      async onRequest(request, reply) {
        request.webhookOutcome = 'method_not_allowed';
        dropRest(request.raw);
        return reply
          .code(405)
          .header('allow', 'POST')
          .header('content-type', 'application/problem+json')
          .send(METHOD_NOT_ALLOWED);
      },
      handler: () => {},
    });
  });
}

function refuse(request: FastifyRequest, reply: FastifyReply, error: AppError): FastifyReply {
  request.webhookOutcome = error.code;
  // Fastify closes the connection after a body it did not read to its end, and the answer is lost with it.
  reply.removeHeader('connection');
  dropRest(request.raw);
  return sendProblem(reply, error);
}
