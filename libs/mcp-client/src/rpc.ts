import type { Answer, Outbound } from '@agent-platform/outbound';
import { isJsonObject, numberOf, withoutSecrets, type JsonObject, type JsonValue } from '@agent-platform/json';
import { createBodyReader } from './body-reader.ts';
import { write, type Connection, type RpcCall } from './dialects.ts';
import type { McpError } from './errors.ts';
import { invalidResponse, transportError } from './failures.ts';
import type { Reply, RpcError } from './reply.ts';
import { secretsOf } from './secrets.ts';
import type { Target } from './server.ts';

/**
 * Sends one JSON-RPC message.
 *
 * @throws McpError when no answer came, or one that cannot be understood. An error that the server states is a reply.
 */
export async function exchange(
  outbound: Outbound,
  target: Target,
  connection: Connection,
  call: RpcCall,
  signal: AbortSignal,
): Promise<Reply> {
  const id = call.method.startsWith('notifications/') ? undefined : idFor(connection);
  const message = write(connection, call, id);
  const isAnswer = (received: JsonValue) => isJsonObject(received) && isResponse(received) && isAbout(received, id);
  const answer = await outbound
    .send({
      url: target.url,
      method: 'POST',
      headers: { ...target.headers, ...message.headers },
      body: message.body,
      signal,
      reader: (status, headers) => createBodyReader(status, headers, isAnswer),
    })
    .catch((error: unknown) => {
      throw transportError(error, target, call.method);
    });
  const reply = readReply(answer, id, (problem) => invalidResponse(problem, target, call.method));
  return withoutCredential(reply, target);
}

/** Some servers say what they were sent; whoever reads on must not learn it. */
function withoutCredential(reply: Reply, target: Target): Reply {
  const { headers, result, error } = reply;
  const said = { headers: headers as JsonObject, result, error: error && { ...error } } as unknown as JsonValue;
  return { ...reply, ...(withoutSecrets(said, secretsOf(target.headers)) as unknown as Partial<Reply>) };
}

let lastId = 0;

/** Each request is answered on its own connection, so that a bare server may be asked as its documentation shows. */
function idFor(connection: Connection): number {
  return connection.dialect === 'bare' ? 1 : ++lastId;
}

function readReply(answer: Answer, id: number | undefined, invalid: (problem: string) => McpError): Reply {
  const { status, headers, bytes, message } = answer;
  const reply = { status, headers, bytes, result: undefined, error: undefined };
  const isRefusal = status >= 300;
  if (!isJsonObject(message)) {
    if (isRefusal || id === undefined) return reply;
    throw invalid(
      message === undefined ? `with HTTP ${status} and no body` : 'with something that is not a JSON object',
    );
  }
  const error = readError(message.error);
  if (error || isRefusal || id === undefined) return { ...reply, error };
  if (!isResponse(message)) throw invalid('with something that is not a JSON-RPC response');
  if (!isAbout(message, id)) throw invalid('with the answer to another request (its "id" differs)');
  return { ...reply, result: message.result };
}

function isResponse(message: JsonObject): boolean {
  return Object.hasOwn(message, 'result') || Object.hasOwn(message, 'error');
}

/** An error may come without id: the server could not read it, or refused before reading (as the seed's example does). */
function isAbout(message: JsonObject, id: number | undefined): boolean {
  return message.id === id || (Object.hasOwn(message, 'error') && (message.id ?? null) === null);
}

function readError(error: JsonValue | undefined): RpcError | undefined {
  if (!isJsonObject(error)) return undefined;
  return {
    code: numberOf(error.code) ?? 0,
    message: typeof error.message === 'string' ? error.message : '',
    data: error.data,
  };
}
