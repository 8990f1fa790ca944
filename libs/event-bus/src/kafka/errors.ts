import { AppError, tlsFailureOf, type TlsFailure } from '@agent-platform/errors';
import { TokenRefusedError } from './oauth-mechanism.ts';

/** What KafkaJS puts on its errors, on the one that was thrown or on one of its causes. */
export interface KafkaError {
  /** The name of the protocol's error code, such as `REBALANCE_IN_PROGRESS`. */
  readonly type?: string;
  /** Of Node, such as `ECONNREFUSED`. */
  readonly code?: string;
}

export function protocolErrorOf(error: unknown): string | undefined {
  for (const { type } of causes(error)) if (type) return type;
  return undefined;
}

function* causes(error: unknown): Generator<Error & KafkaError> {
  for (let current = error; current instanceof Error; current = current.cause) yield current;
}

/** The one error of the bus, saying what to do about the few causes somebody can do something about. */
export function busUnavailable(what: string, cause?: unknown, advice = 'Try again in a moment.'): AppError {
  const hint = HINTS[protocolErrorOf(cause) ?? ''] ?? connectionAdvice(cause) ?? advice;
  return new AppError('unavailable', 'bus_unavailable', `${what} ${hint}`, { cause, retryAfterSeconds: 2 });
}

/** Where a listener of another kind is, there is no answer either. */
export const NO_ANSWER =
  'Start Kafka there, or correct its address; a listener with TLS wants EVENT_BUS_TLS, one with SASL EVENT_BUS_SASL_MECHANISM.';

const TLS: Readonly<Record<TlsFailure, string>> = {
  issuer: 'Its certificate is not of the CA in EVENT_BUS_TLS_CA_FILE: give the CA that signed it.',
  host: 'Its certificate is for another host: connect by a name it is for, or advertise that name.',
  time: 'Its certificate is not valid at this time: renew it, or set the clock.',
  handshake: 'The TLS handshake failed: check EVENT_BUS_TLS_CERT_FILE, its key, and that the listener has TLS.',
};

/** What an operator has to mend before a connection comes about. */
function connectionAdvice(error: unknown): string | undefined {
  for (const cause of causes(error)) {
    const tls = tlsFailureOf(cause.code);
    if (tls) return TLS[tls];
    if (cause instanceof AppError) return cause.message;
    if (cause instanceof TokenRefusedError) {
      return `It refuses the token of the OAuth client: correct its audience, scope or issuer. (${cause.message})`;
    }
    if (cause.name !== 'KafkaJSSASLAuthenticationError') continue;
    return cause.message.includes('not supported by the server')
      ? 'It does not take this way to say who one is: correct EVENT_BUS_SASL_MECHANISM.'
      : 'It refuses who this is: correct EVENT_BUS_SASL_USERNAME or EVENT_BUS_SASL_PASSWORD.';
  }
  return undefined;
}

const HINTS: Readonly<Record<string, string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'The topic does not exist: create the topics with "npm run topics".',
  NOT_ENOUGH_REPLICAS: 'Kafka has fewer replicas in sync than min.insync.replicas asks for.',
  TOPIC_AUTHORIZATION_FAILED: 'Kafka does not let this client use the topic.',
  GROUP_AUTHORIZATION_FAILED: 'Kafka does not let this client use the consumer group.',
  MESSAGE_TOO_LARGE: 'A message is larger than max.message.bytes of its topic: see "npm run topics".',
};

/** Resolves or rejects as `work` does, but rejects after `ms` at the latest. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
