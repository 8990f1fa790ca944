import type { IncomingHttpHeaders } from 'node:http';
import type { JsonValue } from '@agent-platform/json';
import { Agent } from 'undici';
import { createAddressRules, type AddressRules } from './addresses.ts';
import { readJson, readJsonIfAny } from './body-reader.ts';
import { createConnector, resolveBySystem, type Resolve } from './connector.ts';
import { startDeadline } from './deadline.ts';
import { send, type Answer, type OutboundRequest } from './send.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const JSON_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_JSON_BYTES = 1024 * 1024;

export interface OutboundOptions {
  /** Ranges such as `10.0.0.0/8` that may be called although they are not public. */
  readonly allowedAddresses: readonly string[];
  /** Milliseconds for a connection to be there, TLS included. */
  readonly connectTimeoutMs?: number;
  readonly resolve?: Resolve;
}

export interface JsonRequest {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a form by `POST`; without one it is a `GET`. */
  readonly form?: URLSearchParams;
  /** From the first look-up of a name to the last byte. 10,000 by default. */
  readonly timeoutMs?: number;
}

export interface JsonAnswer {
  /** A redirect is not followed: what it leads to was not asked for. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `undefined` where the body is none or, of an error, not JSON. */
  readonly json: JsonValue | undefined;
}

export interface Outbound extends AsyncDisposable {
  readonly rules: AddressRules;
  /** @throws RequestFailedError */
  send(request: OutboundRequest): Promise<Answer>;
  /** A small exchange: at most 1 MiB of JSON within a deadline. @throws RequestFailedError */
  json(request: JsonRequest): Promise<JsonAnswer>;
}

/**
 * The way out to addresses that others name: public addresses and those the operator allows, no redirects, no proxies
 * from the environment, bounded headers. Connections are kept alive until it is disposed.
 *
 * @throws AppError `address_range_invalid`
 */
export function createOutbound(o: OutboundOptions): Outbound {
  const rules = createAddressRules(o.allowedAddresses);
  const connectTimeoutMs = o.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const agent = new Agent({
    connect: createConnector({ rules, resolve: o.resolve ?? resolveBySystem, connectTimeoutMs }),
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  return {
    rules,
    send: (request) => send(agent, request),
    async json({ url, headers, form, timeoutMs = JSON_TIMEOUT_MS }) {
      using deadline = startDeadline(timeoutMs);
      const answer = await send(agent, {
        url,
        method: form ? 'POST' : 'GET',
        headers: {
          accept: 'application/json',
          'user-agent': 'agent-platform',
          ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
          ...headers,
        },
        ...(form && { body: form.toString() }),
        signal: deadline.signal,
        reader: (status) => (status < 300 ? readJson(MAX_JSON_BYTES) : readJsonIfAny(MAX_JSON_BYTES)),
      });
      return { status: answer.status, headers: answer.headers, json: answer.message };
    },
    async [Symbol.asyncDispose]() {
      await agent.destroy();
    },
  };
}
