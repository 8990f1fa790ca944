import {
  createFaultProxy,
  startKafka,
  type Direction,
  type KafkaControl,
  type NoKafka,
  type ProxyConnection,
} from '@agent-platform/testing';

/** Sees what goes between ingest and the broker, and may break it. */
export type BrokerFault = (connection: ProxyConnection, direction: Direction, chunk: Buffer) => void;

/** A real Kafka of our own, and a second way to it that can be broken. */
export interface TorturedKafka extends AsyncDisposable {
  readonly kind: 'docker' | 'local' | 'configured';
  readonly url: string;
  readonly proxiedUrl: string;
  readonly control: KafkaControl;
  fault: BrokerFault | undefined;
}

/** There is no Kafka to be had; the message says what to do. */
export class NoKafkaError extends Error {}

export async function startTorturedKafka(): Promise<TorturedKafka | NoKafka> {
  await using resources = new AsyncDisposableStack();
  const fault: Pick<TorturedKafka, 'fault'> = { fault: undefined };
  const proxy = resources.use(await createFaultProxy({ onData: (...args) => fault.fault?.(...args) }));
  const kafka = await startKafka({ controllable: true, proxyPort: proxy.port });
  if (kafka.kind === 'none') return kafka;
  resources.use(kafka);
  proxy.setTarget(kafka.proxyTargetPort!);
  const owned = resources.move();
  return Object.assign(fault, {
    kind: kafka.kind,
    url: `kafka://${kafka.brokers.join(',')}`,
    proxiedUrl: `kafka://127.0.0.1:${proxy.port}`,
    control: kafka.control!,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  });
}
