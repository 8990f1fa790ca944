import { describe, expect, it } from 'vitest';
import { processConfigSummary, readProcessConfig } from './config.ts';
import { generateVersionedKey } from './versioned-keys.ts';

const KEY = generateVersionedKey();
const ENV = {
  TOKEN_PEPPERS: KEY,
  CREDENTIAL_KEYS: `2:${KEY.slice(2)},${KEY}`,
  DATABASE_URL: 'postgresql://tokens:hidden@db/token_service',
  EVENT_BUS_URL: 'kafka://kafka:9092',
  SERVICE_PUBLIC_KEYS_FILE: '/etc/agent-platform/service-keys/service-keys.json',
};

describe('configuration', () => {
  it('is read, with the first key as the current one', () => {
    const config = readProcessConfig(ENV);
    expect(config).toMatchObject({ port: 8080, databaseUrl: ENV.DATABASE_URL, dataKeyMaxAgeMs: 90 * 86_400_000 });
    expect([config.peppers.currentVersion, config.keyRing.currentVersion]).toEqual([1, 2]);
  });

  it('says everything that is wrong at once, and quotes no secret', () => {
    const secret = KEY.slice(2, -1);
    const read = () => readProcessConfig({ TOKEN_PEPPERS: secret });
    for (const name of Object.keys(ENV)) expect(read).toThrow(name);
    expect(read).toThrow('<version>:<32 random bytes in base64>');
    expect(read).not.toThrow(secret);
  });

  it('shows no secret', () => {
    const summary = JSON.stringify(processConfigSummary(ENV));
    expect(summary).toContain('token_service');
    for (const secret of [KEY.slice(2), 'hidden']) expect(summary).not.toContain(secret);
  });
});
