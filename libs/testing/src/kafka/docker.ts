import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import type { BrokerPorts, Kafka } from './kafka.ts';
import { brokerSettings } from './settings.ts';

/** The version of `kafka/pom.xml`. */
const IMAGE = 'apache/kafka:4.1.1';

/**
 * The same broker as a container.
 *
 * @throws Error when there is no container engine, or it cannot run the image.
 */
export async function startDocker(ports: BrokerPorts): Promise<Kafka> {
  await getContainerRuntimeClient().catch((error: unknown) => {
    throw new Error('there is no container engine', { cause: error });
  });
  // The image turns KAFKA_A_B into a.b. https://hub.docker.com/r/apache/kafka
  const environment = Object.entries(brokerSettings(ports, '0.0.0.0')).map(
    ([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, value] as const,
  );
  // The same number inside and outside: it is what the broker tells its clients.
  const exposed = [ports.client, ...(ports.proxied ? [ports.proxied.listen] : [])];
  const container = await new GenericContainer(IMAGE)
    .withEnvironment(Object.fromEntries(environment))
    .withExposedPorts(...exposed.map((port) => ({ container: port, host: port })))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return {
    kind: 'docker',
    brokers: [`127.0.0.1:${ports.client}`],
    ...(ports.proxied && { proxyTargetPort: ports.proxied.listen }),
    control: {
      stop: async () => void (await container.stop({ remove: false, timeout: 15_000 })),
      kill: async () => void (await container.stop({ remove: false, timeout: 0 })),
      start: () => container.restart(),
    },
    [Symbol.asyncDispose]: async () => void (await container.stop()),
  };
}
