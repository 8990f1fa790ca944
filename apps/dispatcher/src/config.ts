import { BUS_PROTOCOLS, kafkaVariables } from '@agent-platform/event-bus';
import { ADDRESS_RANGES } from '@agent-platform/outbound';
import {
  maskedSummary,
  processVariables,
  readEnv,
  retention,
  variable,
  type ConfigOf,
  type Env,
} from '@agent-platform/config';
import type { ModelsConfig } from './agent/models.ts';
import type { RetentionConfig } from './retention/start-retention.ts';
import type { RetryPolicy } from './execution/backoff.ts';
import type { CircuitPolicy } from './tools/circuits.ts';
import type { WorkersConfig } from './execution/workers.ts';

export interface DispatcherConfig {
  readonly workers: WorkersConfig;
  readonly retry: RetryPolicy;
  readonly circuit: CircuitPolicy;
  readonly retention: RetentionConfig;
  readonly models: ModelsConfig;
  /** Of a tool's result, to be kept. */
  readonly maxResultBytes: number;
}

const MIB = 1024 * 1024;

const spec = {
  concurrency: variable.integer('DISPATCHER_CONCURRENCY', { default: 168, min: 1, max: 1_000 }),
  maxOfTenant: variable.integer('ORG_MAX_CONCURRENT_RUNS', { default: 200, min: 1, max: 1_000_000 }),
  maxResultBytes: variable.integer('DISPATCHER_MAX_RESULT_BYTES', { default: MIB, min: 1024, max: 10 * MIB }),
  drainMs: variable.durationMs('DISPATCHER_DRAIN', { default: 3_000 }),
  keepMs: retention,
  openaiBaseUrl: variable.url('OPENAI_BASE_URL', { optional: true }),
  openaiApiKey: variable.secret('OPENAI_API_KEY', { optional: true }),
  anthropicBaseUrl: variable.url('ANTHROPIC_BASE_URL', { optional: true }),
  anthropicApiKey: variable.secret('ANTHROPIC_API_KEY', { optional: true }),
};

const processSpec = {
  ...spec,
  ...processVariables,
  databaseUrl: variable.url('DATABASE_URL', { protocols: ['postgres', 'postgresql'] }),
  ...kafkaVariables,
  busUrl: variable.url('EVENT_BUS_URL', { protocols: BUS_PROTOCOLS }),
  managementApiUrl: variable.url('MANAGEMENT_API_URL'),
  tokenServiceUrl: variable.url('TOKEN_SERVICE_URL'),
  serviceKeyFile: variable.string('SERVICE_KEY_FILE'),
  servicePublicKeysFile: variable.string('SERVICE_PUBLIC_KEYS_FILE'),
  allowedAddresses: variable.parsed('MCP_ALLOWED_ADDRESSES', ADDRESS_RANGES, { default: [] }),
};

/** With polling and claiming, a dead worker's runs go on within 10 s; three heartbeats may fail before that. */
const LEASE = { leaseMs: 8_000, heartbeatMs: 2_000, pollMs: 500 };
/** Long enough for a server to be restarted, or to be deployed again. */
const RETRY = { maxAttempts: Infinity, totalMs: 15 * 60_000, baseMs: 1_000, maxMs: 60_000 };
/** Short enough for runs that wait to notice soon that a server is back, long enough for one that is starting. */
const CIRCUIT = { failures: 10, windowMs: 60_000, cooldownMs: 10_000 };
/** Twenty minutes' worth of what a busy dispatcher stores is deleted in a minute or two. */
const RETENTION = { everyMs: 20 * 60_000, batches: { size: 1_000, pauseMs: 100 } };
const MODEL_TURN_TIMEOUT_MS = 120_000;

/** @throws AppError `config_invalid` with everything that is wrong. */
export function readDispatcherConfig(env: Env): DispatcherConfig {
  return configOf(readEnv(env, spec));
}

/** With what the dispatcher needs besides when it is a process of its own. @throws AppError `config_invalid`. */
export function readProcessConfig(env: Env): DispatcherConfig & ConfigOf<typeof processSpec> {
  const values = readEnv(env, processSpec);
  return { ...values, ...configOf(values) };
}

function configOf(values: ConfigOf<typeof spec>): DispatcherConfig {
  const { concurrency, maxOfTenant, drainMs } = values;
  return {
    workers: { concurrency, maxOfTenant, drainMs, ...LEASE },
    retry: RETRY,
    circuit: CIRCUIT,
    maxResultBytes: values.maxResultBytes,
    retention: { keepMs: values.keepMs, ...RETENTION },
    models: {
      openai: { baseUrl: values.openaiBaseUrl, apiKey: values.openaiApiKey },
      anthropic: { baseUrl: values.anthropicBaseUrl, apiKey: values.anthropicApiKey },
      turnTimeoutMs: MODEL_TURN_TIMEOUT_MS,
    },
  };
}

/** For the log: no secrets. */
export function processConfigSummary(env: Env): Record<string, string> {
  return maskedSummary(env, processSpec);
}
