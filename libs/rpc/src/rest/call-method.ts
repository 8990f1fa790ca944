import type { JsonValue, Message } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isJsonObject } from '@agent-platform/json';
import { CONDITION_HEADERS } from '../interceptors/conditions.ts';
import { encodeMessage } from '../json/encode.ts';
import { stringify } from '../json/fragment.ts';
import { REQUEST_ID_HEADER, requestIdOf } from '../request-id.ts';
import type { Binding } from './binding.ts';

/** What a method learns of the request besides its message. */
const PASSED_HEADERS = ['authorization', 'traceparent', ...CONDITION_HEADERS];

/** Calls the method and answers what its HTTP rule says. */
export async function callMethod(
  transport: Transport,
  { rpc, responseBody, creates }: Binding,
  message: Message,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const headers = new Headers();
  for (const name of PASSED_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const requestId = requestIdOf(request.headers[REQUEST_ID_HEADER]);
  headers.set(REQUEST_ID_HEADER, requestId);
  void reply.headers({ [REQUEST_ID_HEADER]: requestId, 'cache-control': 'no-store' });
  const response = await transport.unary(rpc, callerGone(reply), undefined, headers, message);
  const json = encodeMessage(rpc.output, response.message);
  const answer: JsonValue = responseBody ? (json[responseBody.name] ?? {}) : json;
  if (creates) void reply.code(201).header('location', locationOf(request, answer));
  return reply.type('application/json').send(stringify(answer));
}

/** Where the new resource is: its collection, and its id. */
function locationOf({ raw }: FastifyRequest, resource: JsonValue): string {
  const collection = (raw.url ?? '').split('?', 1)[0];
  const id = isJsonObject(resource) && typeof resource['id'] === 'string' ? resource['id'] : '';
  return `${collection}/${id}`;
}

/** Aborts when the connection closes before the answer. The request's own `close` comes as soon as it is read. */
function callerGone({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
