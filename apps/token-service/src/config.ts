import { BUS_PROTOCOLS, kafkaVariables } from '@agent-platform/event-bus';
import { maskedSummary, processVariables, readEnv, variable, type ConfigOf, type Env } from '@agent-platform/config';
import { DATA_KEY_MAX_AGE_MS } from './credentials/rotation/context.ts';
import { parseVersionedKeys, VERSIONED_KEYS_EXPECTED } from './versioned-keys.ts';

const keys = { expected: VERSIONED_KEYS_EXPECTED, parse: parseVersionedKeys, secret: true };

const processSpec = {
  ...processVariables,
  peppers: variable.parsed('TOKEN_PEPPERS', keys),
  keyRing: variable.parsed('CREDENTIAL_KEYS', keys),
  dataKeyMaxAgeMs: variable.durationMs('CREDENTIAL_DATA_KEY_MAX_AGE', { default: DATA_KEY_MAX_AGE_MS }),
  databaseUrl: variable.url('DATABASE_URL', { protocols: ['postgres', 'postgresql'] }),
  ...kafkaVariables,
  busUrl: variable.url('EVENT_BUS_URL', { protocols: BUS_PROTOCOLS }),
  servicePublicKeysFile: variable.string('SERVICE_PUBLIC_KEYS_FILE'),
};

/** What token-service needs when it is a process of its own. @throws AppError `config_invalid` with everything that is wrong. */
export function readProcessConfig(env: Env): ConfigOf<typeof processSpec> {
  return readEnv(env, processSpec);
}

/** For the log: no secrets. */
export function processConfigSummary(env: Env): Record<string, string> {
  return maskedSummary(env, processSpec);
}
