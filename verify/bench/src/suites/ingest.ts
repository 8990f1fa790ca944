import { generateWebhookToken } from '@agent-platform/auth';
import { load } from '../load/load.ts';
import { CORES, startChild } from '../processes/start-child.ts';
import type { IngestServerConfig } from '../servers/ingest.ts';

const CONNECTIONS = 64;
/** Events of one source go to one partition; these are enough to use several. */
const SOURCES = 16;
const WARM_UP_SECONDS = 2;

/** What answers: ingest as configured, or bare Fastify. */
export type IngestServer = IngestServerConfig | 'bare';

export interface IngestFigures {
  readonly perSecond: number;
  /** Processor time of the server, all its threads, in microseconds: says more than the rate on a busy machine. */
  readonly cpuPerRequestUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RunningIngest {
  readonly measure: (seconds: number) => Promise<IngestFigures>;
}

/** Starts its server and warms it up. `resources` ends it. */
export async function startIngest(server: IngestServer, resources: AsyncDisposableStack): Promise<RunningIngest> {
  const child = resources.use(
    server === 'bare'
      ? startChild('servers/bare-http.ts', {}, CORES.server)
      : startChild('servers/ingest.ts', server, CORES.server),
  );
  const { port } = await child.message<{ port: number }>();
  const tokens = Array.from({ length: SOURCES }, generateWebhookToken);
  const processorTimeUs = () => {
    child.send({});
    return child.message<number>();
  };
  const measure = async (seconds: number): Promise<IngestFigures> => {
    const before = await processorTimeUs();
    const { requests, perSecond, p50Ms, p99Ms } = await load({
      port,
      tokens,
      connections: CONNECTIONS,
      status: 202,
      seconds,
    });
    const cpuPerRequestUs = ((await processorTimeUs()) - before) / requests;
    return { perSecond, cpuPerRequestUs, p50Ms, p99Ms };
  };
  await measure(WARM_UP_SECONDS);
  return { measure };
}
