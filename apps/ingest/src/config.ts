import { BUS_PROTOCOLS, kafkaVariables } from '@agent-platform/event-bus';
import {
  defaultRateLimit,
  maskedSummary,
  processVariables,
  readEnv,
  variable,
  type ConfigOf,
  type Env,
} from '@agent-platform/config';
import type { IngestConfig } from './ingest.ts';

const MIB = 1024 * 1024;
const MIN_KEYS = 10_000;
/** Twice as many keys as the densest of real senders have: GitHub's pushes have one in 32 bytes. */
const BYTES_PER_KEY = 16;

const spec = {
  maxBodyBytes: variable.integer('INGEST_MAX_BODY_BYTES', { default: MIB, min: 1024, max: 25 * MIB }),
  maxKeys: variable.integer('INGEST_MAX_KEYS', { optional: true, min: 100, max: 10_000_000 }),
  rateLimitPerSecond: defaultRateLimit,
};

const processSpec = {
  ...spec,
  ...processVariables,
  ...kafkaVariables,
  busUrl: variable.url('EVENT_BUS_URL', { protocols: BUS_PROTOCOLS }),
  tokenServiceUrl: variable.url('TOKEN_SERVICE_URL'),
  serviceKeyFile: variable.string('SERVICE_KEY_FILE'),
};

/** Together the 5 s within which every sender is answered. */
const TIMEOUTS = { lookUpTimeoutMs: 1_500, publishTimeoutMs: 3_500 };

/** @throws AppError `config_invalid` with everything that is wrong. */
export function readIngestConfig(env: Env): IngestConfig {
  return complete(readEnv(env, spec));
}

/** With what ingest needs besides when it is a process of its own. @throws AppError `config_invalid`. */
export function readProcessConfig(env: Env): IngestConfig & ConfigOf<typeof processSpec> {
  return complete(readEnv(env, processSpec));
}

function complete<C extends ConfigOf<typeof spec>>(read: C) {
  const maxKeys = read.maxKeys ?? Math.max(MIN_KEYS, Math.floor(read.maxBodyBytes / BYTES_PER_KEY));
  return { ...read, maxKeys, ...TIMEOUTS };
}

/** For the log: no secrets. */
export function processConfigSummary(env: Env): Record<string, string> {
  return maskedSummary(env, processSpec);
}
