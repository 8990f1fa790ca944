import type { Env } from '@agent-platform/config';
import type { ServiceName } from '@agent-platform/runtime';
import { Api } from '@agent-platform/client';
import { Cluster } from '@agent-platform/cluster';
import { startTorturedKafka, type TorturedKafka, NoKafkaError } from '@agent-platform/harness';

/** The platform as processes over a Kafka of its own, all of it gone afterwards. */
export interface RunningCluster extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly kafka: TorturedKafka;
  readonly api: Api;
}

export interface ClusterOptions {
  readonly ingests: number;
  /** What a service is started with besides; `kafka.proxiedUrl` is a way to the broker that can be cut. */
  readonly environment?: (service: ServiceName, kafka: TorturedKafka) => Env;
}

/** @throws NoKafkaError */
export async function startCluster({ ingests, environment }: ClusterOptions): Promise<RunningCluster> {
  await using resources = new AsyncDisposableStack();
  const kafka = await startTorturedKafka();
  if (kafka.kind === 'none') throw new NoKafkaError(kafka.reason);
  resources.use(kafka);
  const cluster = resources.use(
    await Cluster.create({
      ingests,
      busUrl: kafka.url,
      environment: (service, env) => ({ ...env, LOG_LEVEL: 'info', ...environment?.(service, kafka) }),
    }),
  );
  const api = await Api.connect(cluster.url);
  const owned = resources.move();
  return { cluster, kafka, api, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
