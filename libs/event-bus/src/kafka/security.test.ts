import { maskedSummary, readEnv } from '@agent-platform/config';
import { describe, expect, it } from 'vitest';
import { kafkaSecurityOf, kafkaVariables } from './security.ts';

const of = (env: Record<string, string>) => {
  const prefixed = Object.entries(env).map(([name, value]) => [`EVENT_BUS_${name}`, value]);
  return kafkaSecurityOf(readEnv(Object.fromEntries(prefixed) as Record<string, string>, kafkaVariables));
};
const USER = { SASL_USERNAME: 'app', SASL_PASSWORD: 'canary' };
const OAUTH = { OAUTH_CLIENT_ID: 'app', OAUTH_CLIENT_SECRET: 'canary' };
const BEARER = { ...OAUTH, TLS: 'true', SASL_MECHANISM: 'OAUTHBEARER' };

describe('the security of a Kafka', () => {
  it('is none unless it is asked for', () => {
    expect(of({})).toEqual({});
  });

  it('takes the CAs of Node without a file, and SCRAM without TLS', () => {
    expect(of({ TLS: 'true' })).toEqual({ tls: {} });
    const sasl = { mechanism: 'scram-sha-512', username: 'app', password: 'canary' };
    expect(of({ ...USER, SASL_MECHANISM: 'SCRAM-SHA-512' })).toEqual({ sasl });
  });

  it.each([
    [{ TLS_CA_FILE: '/ca.pem' }, 'with EVENT_BUS_TLS=true only'],
    [{ TLS: 'true', TLS_CERT_FILE: '/c.pem' }, 'go together'],
    [{ TLS: 'true', TLS_CA_FILE: '/nowhere/ca.pem' }, 'EVENT_BUS_TLS_CA_FILE is /nowhere/ca.pem, which cannot be read'],
    [{ ...USER }, 'EVENT_BUS_SASL_MECHANISM is not set'],
    [{ ...USER, SASL_MECHANISM: 'PLAIN' }, 'set EVENT_BUS_TLS=true'],
    [{ ...BEARER, TLS: 'false' }, 'set EVENT_BUS_TLS=true'],
    [{ SASL_MECHANISM: 'SCRAM-SHA-256', SASL_USERNAME: 'app' }, 'EVENT_BUS_SASL_PASSWORD'],
    [{ SASL_MECHANISM: 'GSSAPI' }, 'one of "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"'],
    [BEARER, 'EVENT_BUS_OAUTH_TOKEN_URL'],
    [{ ...BEARER, OAUTH_TOKEN_URL: 'http://issuer.example/token' }, 'must be an https:// URL'],
  ])('says what is missing or does not go together: %j', (env, message) => {
    expect(() => of(env)).toThrow(message);
    expect(() => of(env)).not.toThrow('canary');
  });

  it('shows no secret', () => {
    const env = { EVENT_BUS_SASL_PASSWORD: 'canary', EVENT_BUS_OAUTH_CLIENT_SECRET: 'canary' };
    expect(JSON.stringify(maskedSummary(env, kafkaVariables))).not.toContain('canary');
  });
});
