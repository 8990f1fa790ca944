import { describe, expect, it } from 'vitest';
import { processConfigSummary, readIngestConfig, readProcessConfig } from './config.ts';

const ENV = {
  EVENT_BUS_URL: 'postgresql://bus:hidden@db/bus',
  TOKEN_SERVICE_URL: 'http://token-service:8080',
  SERVICE_KEY_FILE: '/etc/agent-platform/identity/key.jwk',
};

describe('configuration', () => {
  it('needs nothing inside another process, and leaves every sender an answer within 5 s', () => {
    const config = readIngestConfig({});
    expect(config).toMatchObject({ maxBodyBytes: 1_048_576, maxKeys: 65_536, rateLimitPerSecond: 1_000 });
    expect(config.lookUpTimeoutMs + config.publishTimeoutMs).toBeLessThanOrEqual(5_000);
  });

  it('lets as many keys be as fit the size, unless it is told how many', () => {
    const keysOf = (env: Record<string, string>) => readIngestConfig(env).maxKeys;
    expect(keysOf({ INGEST_MAX_BODY_BYTES: '1024' })).toBe(10_000);
    expect(keysOf({ INGEST_MAX_BODY_BYTES: '10485760' })).toBe(655_360);
    expect(keysOf({ INGEST_MAX_BODY_BYTES: '10485760', INGEST_MAX_KEYS: '500' })).toBe(500);
    expect(readProcessConfig({ ...ENV, INGEST_MAX_KEYS: '500' }).maxKeys).toBe(500);
  });

  it('says everything that is missing for a process of its own', () => {
    const read = () => readProcessConfig({ INGEST_MAX_BODY_BYTES: 'much' });
    for (const name of ['INGEST_MAX_BODY_BYTES', ...Object.keys(ENV)]) expect(read).toThrow(name);
    expect(readProcessConfig(ENV)).toMatchObject({ port: 8080, busUrl: ENV.EVENT_BUS_URL });
  });

  it('shows no secret', () => {
    const summary = JSON.stringify(processConfigSummary(ENV));
    expect(summary).toContain('token-service:8080');
    expect(summary).not.toContain('hidden');
  });
});
