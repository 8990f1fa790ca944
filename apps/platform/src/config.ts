import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { authConfigOf, authVariables, type AuthConfig } from '@agent-platform/auth';
import { readEnv, variable, type Env } from '@agent-platform/config';
import { AppError } from '@agent-platform/errors';

export interface PlatformConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly dataDir: string;
  readonly logLevel: string;
  /** Absent: the development issuer. */
  readonly auth: AuthConfig | undefined;
  /** What the services read for themselves: model providers, telemetry. */
  readonly env: Env;
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];

const spec = {
  host: variable.string('HOST', { default: '127.0.0.1' }),
  port: variable.integer('PORT', { default: 8080, min: 0, max: 65_535 }),
  dataDir: variable.string('DATA_DIR', { default: '.agent-platform' }),
  logLevel: variable.oneOf('LOG_LEVEL', LEVELS, { default: 'info' }),
  authIssuer: variable.url('AUTH_ISSUER', { optional: true }),
  authAudience: variable.string('AUTH_AUDIENCE', { optional: true }),
  ...authVariables,
  allowDevelopmentIssuer: variable.boolean('ALLOW_DEVELOPMENT_ISSUER', { default: false }),
};

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** @throws AppError `config_invalid` with everything that is wrong. */
export function readPlatformConfig(env: Env): PlatformConfig {
  const values = readEnv(env, spec);
  const { authIssuer, authAudience, host, port, logLevel } = values;
  const refuse = (message: string) => new AppError('invalid_argument', 'config_invalid', message);
  if (Boolean(authIssuer) !== Boolean(authAudience)) {
    throw refuse('AUTH_ISSUER and AUTH_AUDIENCE go together: set both, or neither for the development issuer.');
  }
  const auth = authIssuer && authAudience ? authConfigOf(authIssuer, authAudience, values) : undefined;
  if (!auth && !isLoopback(host) && !values.allowDevelopmentIssuer) {
    throw refuse(
      `HOST is ${host}, and the development issuer hands out tokens for the well-known client "dev" to anyone who can ` +
        'reach it. Set AUTH_ISSUER and AUTH_AUDIENCE, or ALLOW_DEVELOPMENT_ISSUER=true if that is what you want.',
    );
  }
  return { host, port, logLevel, dataDir: resolve(values.dataDir), auth, env };
}
