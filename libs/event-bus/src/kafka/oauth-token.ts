import { createOutbound, type JsonAnswer } from '@agent-platform/outbound';
import { AppError } from '@agent-platform/errors';
import { isJsonObject } from '@agent-platform/json';

export interface TokenSourceOptions {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  /** Milliseconds; `Date.now` by default. */
  readonly now?: () => number;
}

/** Where the server does not say. */
const UNSTATED_LIFETIME_S = 300;
/** A connection has to say again who it is before its token ends; KafkaJS does so 10 s before. */
const LEAST_LEFT_MS = 30_000;
/** Named by the operator, as the brokers are: it may be anywhere. */
const ANYWHERE = ['0.0.0.0/0', '::/0'];

/**
 * Access tokens by the grant of client credentials (https://www.rfc-editor.org/rfc/rfc6749#section-4.4). One is used
 * for four fifths of its life; many that ask at once cause one request.
 *
 * @returns rejects with AppError `unavailable` `bus_token_unavailable`, which says what to mend.
 */
export function createTokenSource(o: TokenSourceOptions): () => Promise<string> {
  const now = o.now ?? Date.now;
  let known: { readonly value: string; readonly usedUntilMs: number } | undefined;
  let asking: Promise<string> | undefined;

  const ask = async (): Promise<string> => {
    const { value, lifetimeMs } = readToken(await request(o));
    known = { value, usedUntilMs: now() + Math.min(0.8 * lifetimeMs, lifetimeMs - LEAST_LEFT_MS) };
    return value;
  };
  return async () => {
    if (known && now() < known.usedUntilMs) return known.value;
    asking ??= ask().finally(() => (asking = undefined));
    return await asking;
  };
}

async function request({ tokenUrl, clientId, clientSecret, scope }: TokenSourceOptions): Promise<JsonAnswer> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) });
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const headers = { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  await using outbound = createOutbound({ allowedAddresses: ANYWHERE });
  try {
    return await outbound.json({ url: tokenUrl, headers, form });
  } catch (cause) {
    throw refuse('cannot be reached: correct EVENT_BUS_OAUTH_TOKEN_URL, or start what is there.', cause);
  }
}

function readToken({ status, json }: JsonAnswer): { value: string; lifetimeMs: number } {
  const answer = isJsonObject(json) ? json : {};
  if (status !== 200) {
    const error = typeof answer.error === 'string' ? ` ${answer.error.slice(0, 100)}` : '';
    throw refuse(`answers ${status}${error}: correct EVENT_BUS_OAUTH_CLIENT_ID, its secret or EVENT_BUS_OAUTH_SCOPE.`);
  }
  const { access_token: value, expires_in: seconds } = answer;
  if (typeof value !== 'string' || value === '') throw refuse('answers without an access_token: correct its address.');
  return { value, lifetimeMs: 1_000 * (typeof seconds === 'number' ? seconds : UNSTATED_LIFETIME_S) };
}

function refuse(what: string, cause?: unknown): AppError {
  return new AppError('unavailable', 'bus_token_unavailable', `The OAuth token endpoint for Kafka ${what}`, { cause });
}
