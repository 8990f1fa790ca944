import { isJsonObject, type JsonValue } from '@agent-platform/json';
import { CLIENT_CAPABILITIES, CLIENT_INFO, SESSION_VERSIONS, type Connection } from './dialects.ts';
import { invalidResponse, isCredentialRefusal, isModernError, UNSUPPORTED_VERSION } from './failures.ts';
import type { Reply } from './reply.ts';
import type { Context } from './context.ts';
import type { Target } from './server.ts';

const METHOD_NOT_FOUND = -32601;

const BARE: Connection = { dialect: 'bare' };

/** A connection just made, and the first page of tools where asking for it is how the dialect was found out. */
export interface Contact {
  readonly connection: Connection;
  readonly firstPage: Reply | undefined;
}

/**
 * Finds out which dialect a server speaks: asks for its tools the modern way, which modern and bare servers answer;
 * one that refuses is older (`initialize`) or, when it refuses that too, bare. Never with `tools/call`, which would act.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#backward-compatibility
 */
export async function discover(
  context: Context,
  target: Target,
  o: { signal: AbortSignal; traceparent: string | undefined },
): Promise<Contact> {
  const modern: Connection = { dialect: 'modern', toolHeaders: undefined };
  const list = await context.exchange(target, modern, { method: 'tools/list', traceparent: o.traceparent }, o.signal);
  const failure = context.failureOf(list, target, 'tools/list');
  if (!failure) return { connection: isModern(list.result) ? modern : BARE, firstPage: list };
  if (!isPerhapsOlder(list)) throw failure;

  const session = await initialize(context, target, o);
  if (session) return { connection: session, firstPage: undefined };

  const plain = await context.exchange(target, BARE, { method: 'tools/list', traceparent: o.traceparent }, o.signal);
  const refusal = context.failureOf(plain, target, 'tools/list');
  if (refusal) throw refusal;
  return { connection: BARE, firstPage: plain };
}

/** Only modern results say of what type they are; nobody else has to. */
function isModern(result: JsonValue | undefined): boolean {
  return isJsonObject(result) && typeof result.resultType === 'string';
}

function isPerhapsOlder(reply: Reply): boolean {
  const { status, error } = reply;
  if (isCredentialRefusal(reply)) return false;
  if (error?.code === UNSUPPORTED_VERSION) return supportsOlder(error.data);
  if (isModernError(error?.code)) return false;
  return status < 300 || [400, 404, 405].includes(status);
}

function supportsOlder(data: JsonValue | undefined): boolean {
  const supported = isJsonObject(data) && Array.isArray(data.supported) ? data.supported : [];
  return SESSION_VERSIONS.some((version) => supported.includes(version));
}

/**
 * @returns `undefined` when the server knows no `initialize`.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle
 */
async function initialize(
  context: Context,
  target: Target,
  { signal, traceparent }: { signal: AbortSignal; traceparent: string | undefined },
): Promise<Connection | undefined> {
  const params = { protocolVersion: SESSION_VERSIONS[0]!, capabilities: CLIENT_CAPABILITIES, clientInfo: CLIENT_INFO };
  const reply = await context.exchange(target, BARE, { method: 'initialize', params, traceparent }, signal);
  const failure = context.failureOf(reply, target, 'initialize');
  if (failure && refusesInitialize(reply)) return undefined;
  if (failure) throw failure;

  const version = isJsonObject(reply.result) ? reply.result.protocolVersion : undefined;
  if (typeof version !== 'string' || !SESSION_VERSIONS.includes(version)) {
    throw invalidResponse('with a protocol version that this platform does not speak', target, 'initialize');
  }
  const sessionId = reply.headers['mcp-session-id'];
  if (Array.isArray(sessionId) || (sessionId !== undefined && !/^[\x21-\x7e]+$/.test(sessionId))) {
    throw invalidResponse('with a session id that is not visible ASCII', target, 'initialize');
  }
  const session: Connection = { dialect: 'session', version, sessionId };
  const method = 'notifications/initialized';
  const noted = await context.exchange(target, session, { method, traceparent }, signal);
  const refusal = context.failureOf(noted, target, method);
  if (refusal) throw refusal;
  return session;
}

function refusesInitialize(reply: Reply): boolean {
  if (isCredentialRefusal(reply)) return false;
  return [400, 404, 405].includes(reply.status) || (reply.status < 500 && reply.error?.code === METHOD_NOT_FOUND);
}

/** Whether a call refused on one connection may fare better on the one made after it. */
export function isWorthRepeating(fresh: Connection, old: Connection): boolean {
  if (fresh.dialect === 'modern' && old.dialect === 'modern') {
    return JSON.stringify([...(fresh.toolHeaders ?? [])]) !== JSON.stringify([...(old.toolHeaders ?? [])]);
  }
  return fresh.dialect !== old.dialect || fresh.dialect === 'session';
}
