import { maskedSummary, readEnv, variable, type ConfigOf, type Env } from '@agent-platform/service';

const addressRanges = {
  expected: 'address ranges such as 10.0.0.0/8, separated by commas',
  parse: (text: string) => text.split(',').map((range) => range.trim()),
};

const processSpec = {
  databaseUrl: variable.url('DATABASE_URL', { protocols: ['postgres', 'postgresql'] }),
  tokenServiceUrl: variable.url('TOKEN_SERVICE_URL'),
  dispatcherUrl: variable.url('DISPATCHER_URL'),
  serviceSecret: variable.secret('SERVICE_IDENTITY_SECRET', { minLength: 32 }),
  authIssuer: variable.url('AUTH_ISSUER'),
  authAudience: variable.string('AUTH_AUDIENCE'),
  allowedAddresses: variable.parsed('MCP_ALLOWED_ADDRESSES', addressRanges, { default: [] as string[] }),
  host: variable.string('HOST', { default: '127.0.0.1' }),
  port: variable.integer('PORT', { default: 8080, min: 0, max: 65_535 }),
  logLevel: variable.oneOf('LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace'], { default: 'info' }),
};

/** What management-api needs when it is a process of its own. @throws AppError `config_invalid` with everything that is wrong. */
export function readProcessConfig(env: Env): ConfigOf<typeof processSpec> {
  return readEnv(env, processSpec);
}

/** For the log: no secrets. */
export function processConfigSummary(env: Env): Record<string, string> {
  return maskedSummary(env, processSpec);
}
