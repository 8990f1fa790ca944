import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { endWithParent, tell, tellProcessorTime } from '../processes/child.ts';

/** The limit of HTTP in this runtime: Fastify, a JSON body, one response schema, and nothing done. */
endWithParent();
const app = fastify();
app.post(
  '/webhooks/events',
  {
    schema: {
      response: {
        202: { type: 'object', properties: { event_id: { type: 'string' }, status: { type: 'string' } } },
      },
    },
  },
  async (_request, reply) => {
    reply.code(202);
    return { event_id: 'evt_00000000000000000000000000', status: 'accepted' };
  },
);
await app.listen({ host: '127.0.0.1', port: 0 });
tellProcessorTime();
tell({ port: (app.server.address() as AddressInfo).port });
