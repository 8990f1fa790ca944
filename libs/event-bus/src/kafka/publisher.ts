import type { Topic } from '@agent-platform/proto';
import type { Logger } from '@agent-platform/telemetry';
import kafkajs, { type Producer } from 'kafkajs';
import { backOff } from '../backoff.ts';
import type { Message } from '../bus.ts';
import { type CreateClient, type KafkaClient, RETRY } from './client.ts';
import { busUnavailable, protocolErrorOf, within } from './errors.ts';

/** After this a publish is answered, whatever KafkaJS is still trying; senders of webhooks wait 5 s or 10 s. */
const PUBLISH_WITHIN_MS = 4_000;
const REQUEST_TIMEOUT_MS = 2_000;
const CONNECT_WITHIN_MS = 3_000;
const DISCONNECT_WITHIN_MS = 1_000;

/** KafkaJS does not split: what goes to one partition in one send is one batch, limited by `max.message.bytes`. */
const SEND_BYTES = 900_000;

export interface Publisher extends AsyncDisposable {
  publish(topic: Topic, messages: readonly Message[]): Promise<void>;
}

/** A connected producer. */
interface Link {
  readonly client: KafkaClient;
  readonly producer: Producer;
  readonly inFlight: Set<Promise<unknown>>;
}

/**
 * One producer for everything that is published. When it fails it is replaced by a new one, not repaired: after a lost
 * connection KafkaJS may keep on waiting for a socket that is dead, or forget its last broker. Until the new one is
 * connected, publishing is refused at once.
 *
 * `idempotent` must stay off: KafkaJS reuses the sequence number of a failed send, and the broker then takes the next
 * message for a repetition, acknowledges it and drops it. Without it a failed send may be stored twice, which
 * consumers expect.
 */
export async function createPublisher(o: {
  readonly createClient: CreateClient;
  readonly brokers: readonly string[];
  readonly logger: Logger;
}): Promise<Publisher> {
  const closing = new AbortController();
  let link: Link | undefined = await open();
  let lastError: unknown;
  const retired = new Set<Promise<void>>();

  async function open(): Promise<Link> {
    const retry = { ...RETRY, retries: Math.max(1, o.brokers.length - 1) };
    const client = o.createClient({ requestTimeout: REQUEST_TIMEOUT_MS, retry });
    const producer = client.kafka.producer({
      idempotent: false,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      retry: { ...RETRY, retries: 3 },
    });
    try {
      await within(CONNECT_WITHIN_MS, producer.connect());
      return { client, producer, inFlight: new Set() };
    } catch (error) {
      client.destroy();
      throw error;
    }
  }

  function replace(broken: Link, error: unknown): void {
    if (link !== broken) return;
    link = undefined;
    lastError = error;
    const end = close(broken).finally(() => retired.delete(end));
    retired.add(end);
    void reopen();
  }

  async function reopen(): Promise<void> {
    o.logger.warn({ err: lastError }, 'Kafka cannot be reached; connecting anew');
    for (let attempt = 0; !closing.signal.aborted; attempt++) {
      try {
        const opened = await open();
        if (closing.signal.aborted) return await close(opened);
        link = opened;
        return o.logger.info('Kafka can be reached again');
      } catch (error) {
        lastError = error;
        await backOff(attempt, closing.signal).catch(() => undefined);
      }
    }
  }

  async function publish(topic: Topic, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const current = link;
    if (!current || closing.signal.aborted) throw busUnavailable('The event bus cannot be reached.', lastError);
    const work = within(PUBLISH_WITHIN_MS, send(current.producer, topic.name, messages));
    current.inFlight.add(work);
    try {
      await work;
    } catch (error) {
      // An answer of the broker that says no is no reason to doubt the connection.
      if (!FINAL.has(protocolErrorOf(error) ?? '')) replace(current, error);
      throw busUnavailable('The event bus did not take the message.', error);
    } finally {
      current.inFlight.delete(work);
    }
  }

  return {
    publish,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await Promise.all([...retired, link && close(link)]);
    },
  };
}

const FINAL = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED', 'MESSAGE_TOO_LARGE']);

/** Lets what is under way be answered first: `disconnect()` does not (https://github.com/tulios/kafkajs/issues/879). */
async function close({ client, producer, inFlight }: Link): Promise<void> {
  await Promise.allSettled(inFlight);
  await within(DISCONNECT_WITHIN_MS, producer.disconnect()).catch(() => undefined);
  client.destroy();
}

async function send(producer: Producer, topic: string, messages: readonly Message[]): Promise<void> {
  for (const part of parts(messages)) {
    const records = part.map(({ key, value, headers }) => ({
      key,
      value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
      headers: { ...headers },
    }));
    await producer.send({ topic, acks: -1, timeout: REQUEST_TIMEOUT_MS, messages: records });
  }
}

/** Consecutive runs of messages that are small enough for one batch each; a larger message goes alone. */
export function parts(messages: readonly Message[]): Message[][] {
  const result: Message[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    const size = sizeOf(message);
    if (bytes + size > SEND_BYTES) {
      result.push([]);
      bytes = 0;
    }
    result.at(-1)!.push(message);
    bytes += size;
  }
  return result;
}

/** An upper bound of what the record takes; headers are ASCII. */
function sizeOf({ key, value, headers }: Message): number {
  let size = 64 + key.length * 3 + value.byteLength;
  for (const [name, text] of Object.entries(headers)) size += 10 + name.length + text.length * 3;
  return size;
}
