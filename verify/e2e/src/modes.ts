import { randomUUID } from 'node:crypto';
import { createTestDatabase, sharedKafka } from '@agent-platform/testing';
import { describe } from 'vitest';
import { Api } from '@agent-platform/client';
import { Cluster, type ClusterOptions } from '@agent-platform/cluster';
import { startPlatform } from './fixture.ts';
import { allowForProcesses } from './process.ts';

export type Mode = 'one machine' | 'cluster';

/** A running platform, whatever it consists of. */
export interface RunningPlatform extends AsyncDisposable {
  readonly url: string;
  /** Where each ingest takes webhooks by itself. */
  readonly ingests: readonly string[];
  readonly api: Api;
}

export interface RunningCluster extends RunningPlatform {
  readonly cluster: Cluster;
}

const kafka = await sharedKafka();

/** The same suite on one machine and in a cluster. */
export function inEachMode(title: string, suite: (start: () => Promise<RunningPlatform>, mode: Mode) => void): void {
  describe(`${title}, on one machine`, () => suite(startPlatform, 'one machine'));
  inCluster(title, (start) => suite(() => start({ ingests: 2, dispatchers: 2 }), 'cluster'));
}

/** A suite that needs real Kafka: where there is none, its name says why it is skipped. */
export function inCluster(
  title: string,
  suite: (start: (options?: ClusterOptions) => Promise<RunningCluster>) => void,
): void {
  if (kafka.kind === 'none') {
    describe.skip(`${title}, in a cluster: ${kafka.reason}`);
    return;
  }
  const brokers = kafka.brokers.join(',');
  // Clusters of several test files share one Kafka.
  const start = (options: ClusterOptions = {}) =>
    startCluster({ busUrl: `kafka://${brokers}/test-${randomUUID()}`, ...options });
  describe(`${title}, in a cluster`, () => {
    allowForProcesses();
    suite(start);
  });
}

/** A cluster over databases of the run's PostgreSQL. */
export async function startCluster(options: ClusterOptions): Promise<RunningCluster> {
  await using resources = new AsyncDisposableStack();
  const database = async () => resources.use(await createTestDatabase()).url;
  const databases = {
    'token-service': await database(),
    'management-api': await database(),
    dispatcher: await database(),
  };
  const cluster = resources.use(await Cluster.create({ databases, ...options }));
  const api = await Api.connect(cluster.url);
  const owned = resources.move();
  const ingests = cluster.ingests.map(({ url }) => url);
  return { url: cluster.url, ingests, api, cluster, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
