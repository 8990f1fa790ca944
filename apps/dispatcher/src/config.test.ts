import { describe, expect, it } from 'vitest';
import { processConfigSummary, readDispatcherConfig } from './config.ts';

describe('the configuration of the dispatcher', () => {
  it('needs nothing to be set', () => {
    expect(readDispatcherConfig({})).toMatchObject({
      workers: { concurrency: 32, leaseMs: 10_000, heartbeatMs: 3_000 },
      models: { openai: {}, anthropic: {} },
    });
  });

  it('never shows an API key', () => {
    const summary = JSON.stringify(
      processConfigSummary({ OPENAI_API_KEY: 'sk-canary', SERVICE_IDENTITY_SECRET: 'canary' }),
    );
    expect(summary).not.toContain('canary');
  });
});
