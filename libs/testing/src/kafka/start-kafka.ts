import type { BrokerPorts, Kafka, NoKafka, Secured } from './kafka.ts';
import { startLocal } from './local.ts';
import { freePorts } from './ports.ts';

export interface StartKafkaOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Whoever asks wants to stop and start it: never the configured brokers. */
  readonly controllable?: boolean;
  /** Where a proxy listens or will listen; clients that come through it are told to come back through it. */
  readonly proxyPort?: number;
  /** With listeners that have TLS: always a broker of this machine's Java, which can read the files. */
  readonly secure?: Secured;
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Finds or starts a real Kafka on 127.0.0.1: `KAFKA_BROKERS` (comma separated `host:port`) if set, else a container,
 * else a broker of the machine's own Java. A started one ends with its owner, even when that is killed: see
 * `broker-process.ts`.
 *
 * @throws Error in CI (`CI=true`) when there is none: a run that proved nothing about Kafka must not pass there.
 */
export async function startKafka(options: StartKafkaOptions = {}): Promise<Kafka | NoKafka> {
  const env = options.env ?? process.env;
  if (env.KAFKA_BROKERS && !options.controllable && !options.secure) return configured(env.KAFKA_BROKERS);
  const reasons: string[] = [];
  // Loaded only when asked for: the client of the container engine is large.
  const startDocker = async (ports: BrokerPorts) => (await import('./docker.ts')).startDocker(ports);
  const startHere = (ports: BrokerPorts) => startLocal(env, ports, options.secure);
  // A port that was free a moment ago may be taken when the broker is up.
  for (const start of [...(options.secure ? [] : [startDocker]), startHere, startHere]) {
    try {
      return await start(await choosePorts(options));
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  const reason = `No Kafka: KAFKA_BROKERS is ${env.KAFKA_BROKERS ? 'not ours to stop' : 'not set'}; ${[...new Set(reasons)].join('; ')}.`;
  if (env.CI === 'true') throw new Error(`${reason} CI requires a real Kafka.`);
  return { kind: 'none', reason };
}

function configured(brokers: string): Kafka {
  const list = brokers.split(',').map((broker) => broker.trim());
  return { kind: 'configured', brokers: list, [Symbol.asyncDispose]: async () => undefined };
}

async function choosePorts({ port, proxyPort, secure }: StartKafkaOptions): Promise<BrokerPorts> {
  const [client, controller, listen, sasl, mutual] = (await freePorts(5)) as [number, number, number, number, number];
  return {
    client: port ?? client,
    controller,
    ...(proxyPort !== undefined && { proxied: { listen, advertise: proxyPort } }),
    ...(secure && { secure: { sasl, mutual } }),
  };
}
