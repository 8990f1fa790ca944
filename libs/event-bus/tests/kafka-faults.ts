import type { Topic } from '@agent-platform/proto';
import {
  createFaultProxy,
  startKafka,
  type Direction,
  type FaultProxy,
  type Kafka,
  type ProxyConnection,
} from '@agent-platform/testing';
import { type BatchHandler, ensureTopics } from '../src/index.ts';
import { newTopic } from '../src/conformance/fixture.ts';
import { logger } from './kafka.ts';

/** A broker to stop and start, and a way to it that can be broken. */
export interface FaultyKafka extends AsyncDisposable {
  readonly control: NonNullable<Kafka['control']>;
  /** The direct way. */
  readonly direct: readonly string[];
  /** The way through the proxy. */
  readonly proxied: readonly string[];
  readonly proxy: FaultProxy;
  /** Sees what goes through the proxy and may break it; until the test is over. */
  onData: ((connection: ProxyConnection, direction: Direction, chunk: Buffer) => void) | undefined;
}

/** Or why there is none. */
export async function startFaultyKafka(): Promise<FaultyKafka | { readonly reason: string }> {
  await using resources = new AsyncDisposableStack();
  const hooks: Pick<FaultyKafka, 'onData'> = { onData: undefined };
  const proxy = resources.use(await createFaultProxy({ onData: (...args) => hooks.onData?.(...args) }));
  const kafka = await startKafka({ controllable: true, proxyPort: proxy.port });
  if (kafka.kind === 'none') return kafka;
  resources.use(kafka);
  proxy.setTarget(kafka.proxyTargetPort!);
  const owned = resources.move();
  return Object.assign(hooks, {
    control: kafka.control!,
    direct: kafka.brokers,
    proxied: [`127.0.0.1:${proxy.port}`],
    proxy,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  });
}

/** A topic of one partition unless told otherwise. */
export async function createTopic(brokers: readonly string[], partitions = 1): Promise<Topic> {
  const topic = { ...newTopic(), partitions };
  await ensureTopics({ brokers, topics: [topic], logger });
  return topic;
}

/** API key 0, in the fifth and sixth byte of a request: https://kafka.apache.org/protocol.html#protocol_api_keys */
export function isProduce(chunk: Buffer): boolean {
  return chunk.length > 6 && chunk.readInt16BE(4) === 0;
}

/** Repeats what fails, as a sender of webhooks does, until it is acknowledged. */
export async function untilAccepted(publish: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await publish();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A handler that counts how often it saw each value. */
export function counting(): { handler: BatchHandler; seen: Map<string, number> } {
  const seen = new Map<string, number>();
  const handler: BatchHandler = async (batch) => {
    for (const { value } of batch) {
      const text = Buffer.from(value).toString();
      seen.set(text, (seen.get(text) ?? 0) + 1);
    }
  };
  return { handler, seen };
}
