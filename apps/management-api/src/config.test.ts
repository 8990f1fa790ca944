import { describe, expect, it } from 'vitest';
import { processConfigSummary, readProcessConfig } from './config.ts';

const ENV = {
  DATABASE_URL: 'postgresql://management:hidden@db/management',
  TOKEN_SERVICE_URL: 'http://token-service:8080',
  DISPATCHER_URL: 'http://dispatcher:8080',
  SERVICE_KEY_FILE: '/etc/agent-platform/identity/key.jwk',
  SERVICE_PUBLIC_KEYS_FILE: '/etc/agent-platform/service-keys/service-keys.json',
  AUTH_ISSUER: 'https://tenant.eu.auth0.com/',
  AUTH_AUDIENCE: 'https://agent-platform.example.com',
};

describe('configuration', () => {
  it('says everything that is missing at once', () => {
    for (const name of Object.keys(ENV)) expect(() => readProcessConfig({})).toThrow(name);
    expect(readProcessConfig(ENV)).toMatchObject({ port: 8080, authIssuer: ENV.AUTH_ISSUER });
  });

  it('shows no secret', () => {
    const summary = JSON.stringify(processConfigSummary(ENV));
    expect(summary).toContain('token-service:8080');
    expect(summary).not.toContain('hidden');
  });
});
