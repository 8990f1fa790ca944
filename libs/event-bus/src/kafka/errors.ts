import { AppError } from '@agent-platform/service';

/** What KafkaJS puts on its errors, on the one that was thrown or on one of its causes. */
export interface KafkaError {
  /** The name of the protocol's error code, such as `REBALANCE_IN_PROGRESS`. */
  readonly type?: string;
}

export function protocolErrorOf(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { type } = current as KafkaError;
    if (type) return type;
  }
  return undefined;
}

/** The one error of the bus, saying what to do about the few causes somebody can do something about. */
export function busUnavailable(what: string, cause?: unknown, advice = 'Try again in a moment.'): AppError {
  const hint = HINTS[protocolErrorOf(cause) ?? ''] ?? advice;
  return new AppError('unavailable', 'bus_unavailable', `${what} ${hint}`, { cause, retryAfterSeconds: 2 });
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
