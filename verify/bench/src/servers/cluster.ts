import { Cluster } from '@agent-platform/cluster';
import { childConfig, endWithParent, tell } from '../processes/child.ts';

/** The platform as `npm run cluster` runs it: a process for each service, over Kafka and PostgreSQL. */
export interface ClusterConfig {
  readonly dataDir: string;
}

const { dataDir } = childConfig<ClusterConfig>();
process.env['LOG_LEVEL'] = 'warn';
const cluster = await Cluster.create({ dataDir });
endWithParent(() => cluster[Symbol.asyncDispose]());
tell({ url: cluster.url, ingestUrl: cluster.ingests[0]!.url, metricsUrl: cluster.dispatchers[0]!.adminUrl });
