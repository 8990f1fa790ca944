import { authConfigOf, authVariables, type AuthConfig } from '@agent-platform/auth';
import { ADDRESS_RANGES } from '@agent-platform/outbound';
import {
  defaultRateLimit,
  maskedSummary,
  processVariables,
  readEnv,
  retention,
  variable,
  type ConfigOf,
  type Env,
} from '@agent-platform/config';
import type { ManagementApiConfig } from './management-api.ts';
import { GITHUB_KEYS_URL } from './secret-scanning/github-keys.ts';

const spec = {
  defaultRateLimitPerSecond: defaultRateLimit,
  githubKeysUrl: variable.url('GITHUB_SECRET_SCANNING_KEYS_URL', { default: GITHUB_KEYS_URL }),
  keepRevisionsMs: retention,
  maxAgents: limit('ORG_MAX_AGENTS', 1_000),
  maxSkills: limit('ORG_MAX_SKILLS', 1_000),
  maxTriggers: limit('ORG_MAX_TRIGGERS', 10_000),
  maxWebhookSources: limit('ORG_MAX_WEBHOOK_SOURCES', 10_000),
};

function limit(name: string, value: number) {
  return variable.integer(name, { default: value, min: 0, max: 1_000_000 });
}

const processSpec = {
  ...spec,
  ...processVariables,
  databaseUrl: variable.url('DATABASE_URL', { protocols: ['postgres', 'postgresql'] }),
  tokenServiceUrl: variable.url('TOKEN_SERVICE_URL'),
  dispatcherUrl: variable.url('DISPATCHER_URL'),
  serviceKeyFile: variable.string('SERVICE_KEY_FILE'),
  servicePublicKeysFile: variable.string('SERVICE_PUBLIC_KEYS_FILE'),
  authIssuer: variable.url('AUTH_ISSUER'),
  authAudience: variable.string('AUTH_AUDIENCE'),
  ...authVariables,
  allowedAddresses: variable.parsed('MCP_ALLOWED_ADDRESSES', ADDRESS_RANGES, { default: [] }),
};

/** @throws AppError `config_invalid` */
export function readManagementApiConfig(env: Env): Omit<ManagementApiConfig, 'allowedAddresses'> {
  return configOf(readEnv(env, spec));
}

/** What management-api needs when it is a process of its own. @throws AppError `config_invalid` with everything that is wrong. */
export function readProcessConfig(env: Env): ManagementApiConfig & ConfigOf<typeof processSpec> & { auth: AuthConfig } {
  const values = readEnv(env, processSpec);
  return { ...values, ...configOf(values), auth: authConfigOf(values.authIssuer, values.authAudience, values) };
}

function configOf(values: ConfigOf<typeof spec>): Omit<ManagementApiConfig, 'allowedAddresses'> {
  const {
    defaultRateLimitPerSecond,
    githubKeysUrl,
    keepRevisionsMs,
    maxAgents,
    maxSkills,
    maxTriggers,
    maxWebhookSources,
  } = values;
  const limits = { agents: maxAgents, skills: maxSkills, triggers: maxTriggers, webhookSources: maxWebhookSources };
  return { defaultRateLimitPerSecond, githubKeysUrl, keepRevisionsMs, limits };
}

/** For the log: no secrets. */
export function processConfigSummary(env: Env): Record<string, string> {
  return maskedSummary(env, processSpec);
}
