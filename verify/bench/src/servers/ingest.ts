import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { authenticateWith } from '@agent-platform/auth';
import { createKafkaBus, createPostgresBus, type EventBus } from '@agent-platform/event-bus';
import { createIngest, readIngestConfig } from '@agent-platform/ingest';
import { RecordTokenUseResponseSchema, VerifyTokenResponseSchema } from '@agent-platform/proto';
import { createServer } from '@agent-platform/rpc';
import { encodeId } from '@agent-platform/ids';
import { createLogger, createMetrics } from '@agent-platform/telemetry';
import { childConfig, endWithParent, tell, tellProcessorTime } from '../processes/child.ts';

/** Ingest as its process runs it, logs and metrics included; only the token service answers from memory. */
export interface IngestServerConfig {
  readonly bus: { readonly postgres: string } | { readonly kafka: readonly string[] } | 'none';
  /** Without batches: what is published at once goes out one by one. */
  readonly oneByOne?: boolean;
}

const MOST_PER_SECOND = 1_000_000;
/** Keeps nothing: what ingest costs by itself. */
const NO_BUS: EventBus = {
  publish: async () => undefined,
  subscribe: () => Promise.reject(new Error('nothing to subscribe to')),
  follow: () => ({ [Symbol.asyncDispose]: async () => undefined }),
  check: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

const { bus: kind, oneByOne = false } = childConfig<IngestServerConfig>();
const logger = createLogger({ level: 'info', service: 'ingest' });
const metrics = createMetrics();
const opened = await openBus();
const bus: EventBus = oneByOne
  ? {
      ...opened,
      publish: async (topic, all) => void (await Promise.all(all.map((one) => opened.publish(topic, [one])))),
    }
  : opened;
endWithParent(() => Promise.resolve(opened[Symbol.asyncDispose]()));

const tokens = {
  recordTokenUse: async () => create(RecordTokenUseResponseSchema),
  resolveSignedSource: () => Promise.reject(new Error('no source is signed')),
  async verifyToken({ token = '' }) {
    const digest = createHash('sha256').update(token).digest();
    const [sourceId, tokenId] = [encodeId('src', digest), encodeId('tok', digest)];
    return create(VerifyTokenResponseSchema, {
      orgId: 'org_bench',
      sourceId,
      tokenId,
      rateLimitPerSecond: MOST_PER_SECOND,
    });
  },
};
const ingest = await createIngest(readIngestConfig({}), { bus, tokens, logger, metrics });
const authenticate = authenticateWith({});
const server = await createServer({ services: [ingest], authenticate, logger, metrics, host: '127.0.0.1', port: 0 });
tellProcessorTime();
tell({ port: Number(new URL(server.url).port) });

function openBus(): Promise<EventBus> {
  if (kind === 'none') return Promise.resolve(NO_BUS);
  if ('postgres' in kind) return createPostgresBus({ url: kind.postgres, logger });
  return createKafkaBus({ brokers: kind.kafka, clientId: 'bench', logger });
}
