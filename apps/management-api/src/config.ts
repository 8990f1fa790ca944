import { ADDRESS_RANGES } from '@agent-platform/outbound';
import { maskedSummary, readEnv, variable, type ConfigOf, type Env } from '@agent-platform/service';
import { GITHUB_KEYS_URL } from './secret-scanning/github-keys.ts';

const spec = {
  githubKeysUrl: variable.url('GITHUB_SECRET_SCANNING_KEYS_URL', { default: GITHUB_KEYS_URL }),
};

const processSpec = {
  ...spec,
  databaseUrl: variable.url('DATABASE_URL', { protocols: ['postgres', 'postgresql'] }),
  tokenServiceUrl: variable.url('TOKEN_SERVICE_URL'),
  dispatcherUrl: variable.url('DISPATCHER_URL'),
  serviceSecret: variable.secret('SERVICE_IDENTITY_SECRET', { minLength: 32 }),
  authIssuer: variable.url('AUTH_ISSUER'),
  authAudience: variable.string('AUTH_AUDIENCE'),
  authAllowedAddresses: variable.parsed('AUTH_ALLOWED_ADDRESSES', ADDRESS_RANGES, { default: [] }),
  allowedAddresses: variable.parsed('MCP_ALLOWED_ADDRESSES', ADDRESS_RANGES, { default: [] }),
  host: variable.string('HOST', { default: '127.0.0.1' }),
  port: variable.integer('PORT', { default: 8080, min: 0, max: 65_535 }),
  logLevel: variable.oneOf('LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace'], { default: 'info' }),
};

/** @throws AppError `config_invalid` */
export function readManagementApiConfig(env: Env): ConfigOf<typeof spec> {
  return readEnv(env, spec);
}

/** What management-api needs when it is a process of its own. @throws AppError `config_invalid` with everything that is wrong. */
export function readProcessConfig(env: Env): ConfigOf<typeof processSpec> {
  return readEnv(env, processSpec);
}

/** For the log: no secrets. */
export function processConfigSummary(env: Env): Record<string, string> {
  return maskedSummary(env, processSpec);
}
