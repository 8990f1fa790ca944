import { describe, expect, expectTypeOf, it } from 'vitest';
import { maskedSummary, readEnv } from './config.ts';
import type { AppError } from '@agent-platform/errors';
import { variable } from './variables.ts';

const spec = {
  port: variable.integer('PORT', { min: 0, max: 65_535, default: 8080 }),
  host: variable.string('HOST', { default: '127.0.0.1' }),
  databaseUrl: variable.url('DATABASE_URL', { protocols: ['postgres', 'postgresql'] }),
  issuer: variable.url('AUTH_ISSUER', { optional: true }),
  secret: variable.secret('SERVICE_SECRET', { minLength: 32 }),
  logLevel: variable.oneOf('LOG_LEVEL', ['debug', 'info', 'silent'], { default: 'info' }),
  allowLoopback: variable.boolean('ALLOW_LOOPBACK', { default: false }),
  leaseTtlMs: variable.durationMs('LEASE_TTL', { default: 10_000 }),
  peppers: variable.parsed('PEPPERS', {
    expected: 'keys such as "1:…,2:…"',
    parse: (text) => (/^\d:/.test(text) ? text.split(',') : undefined),
    secret: true,
  }),
};

const good = {
  DATABASE_URL: 'postgres://app:hunter2@db:5432/bus',
  SERVICE_SECRET: 'x'.repeat(32),
  PEPPERS: '1:aaaa,2:bbbb',
};

function problemsOf(env: Record<string, string>): AppError {
  try {
    readEnv(env, spec);
  } catch (error) {
    return error as AppError;
  }
  throw new Error('it was accepted');
}

describe('readEnv', () => {
  it('answers a typed configuration, with defaults where nothing is set', () => {
    const config = readEnv({ ...good, PORT: '0', LEASE_TTL: ' 1m ', HOST: '' }, spec);
    expect(config).toEqual({
      port: 0,
      host: '127.0.0.1',
      databaseUrl: good.DATABASE_URL,
      issuer: undefined,
      secret: good.SERVICE_SECRET,
      logLevel: 'info',
      allowLoopback: false,
      leaseTtlMs: 60_000,
      peppers: ['1:aaaa', '2:bbbb'],
    });
    expectTypeOf(config).toEqualTypeOf<{
      readonly port: number;
      readonly host: string;
      readonly databaseUrl: string;
      readonly issuer: string | undefined;
      readonly secret: string;
      readonly logLevel: 'debug' | 'info' | 'silent';
      readonly allowLoopback: boolean;
      readonly leaseTtlMs: number;
      readonly peppers: string[];
    }>();
  });

  it('reports every problem at once: the variable, what was found, what is expected', () => {
    const error = problemsOf({
      PORT: '99999',
      AUTH_ISSUER: 'tenant.auth0.com',
      SERVICE_SECRET: 'too-short',
      LOG_LEVEL: 'loud',
      ALLOW_LOOPBACK: 'yes',
      LEASE_TTL: '10',
      PEPPERS: 'p4ssw0rd',
    });
    expect(error).toMatchObject({ kind: 'invalid_argument', code: 'config_invalid' });
    expect(error.message.split('\n')).toEqual([
      'The configuration is wrong:',
      '  PORT is "99999"; expected a whole number from 0 to 65535',
      '  DATABASE_URL is not set; expected a URL that starts with postgres:// or postgresql://',
      '  AUTH_ISSUER is "tenant.auth0.com"; expected a URL that starts with http:// or https://',
      '  SERVICE_SECRET is "[secret]"; expected a secret of at least 32 characters',
      '  LOG_LEVEL is "loud"; expected one of "debug", "info", "silent"',
      '  ALLOW_LOOPBACK is "yes"; expected "true" or "false"',
      '  LEASE_TTL is "10"; expected a length of time with its unit, such as 500ms, 30s, 5m, 2h or 7d',
      '  PEPPERS is "[secret]"; expected keys such as "1:…,2:…"',
    ]);
    expect(error.fields.map(({ field }) => field)).toHaveLength(8);
  });

  it.each([
    'mysql://app:hunter2@db/bus',
    'postgres//app:hunter2@db/bus',
    'postgres://app:hun/hunter2@db:port/bus',
    'mysql://db/bus?user=app&password=hunter2',
  ])('never shows the password of a URL: %s', (url) => {
    const { message } = problemsOf({ ...good, DATABASE_URL: url });
    expect(message).toContain('DATABASE_URL is "');
    expect(message).not.toContain('hunter2');
  });

  it.each(['1.5', '0x10', '1e3', '-1', '', '65536'])('does not take %j for a port', (text) => {
    const port = variable.integer('PORT', { min: 0, max: 65_535 });
    expect(() => readEnv({ PORT: text }, { port })).toThrow('PORT');
  });

  it.each([
    ['500ms', 500],
    ['0s', 0],
    ['30s', 30_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('takes %s for %d ms', (text, ms) => {
    expect(readEnv({ TTL: text }, { ttlMs: variable.durationMs('TTL') })).toEqual({ ttlMs: ms });
  });
});

describe('maskedSummary', () => {
  it('shows what is configured and no secret', () => {
    expect(maskedSummary(good, spec)).toEqual({
      PORT: '8080 [default]',
      HOST: '127.0.0.1 [default]',
      DATABASE_URL: 'postgres://[secret]@db:5432/bus',
      AUTH_ISSUER: '[not set]',
      SERVICE_SECRET: '[secret]',
      LOG_LEVEL: 'info [default]',
      ALLOW_LOOPBACK: 'false [default]',
      LEASE_TTL: '10000 [default]',
      PEPPERS: '[secret]',
    });
  });

  it('hides the default of a secret too', () => {
    const secret = variable.secret('S', { default: 'dev-secret' });
    expect(maskedSummary({}, { secret })).toEqual({ S: '[secret] [default]' });
  });
});
