import { describe, expect, it } from 'vitest';
import { processConfigSummary, readDispatcherConfig } from './config.ts';

describe('the configuration of the dispatcher', () => {
  it('needs nothing to be set', () => {
    expect(readDispatcherConfig({})).toMatchObject({
      workers: { concurrency: 168, maxOfTenant: 200, leaseMs: 8_000, heartbeatMs: 2_000 },
      models: { openai: {}, anthropic: {} },
    });
  });

  it('keeps what has ended for 30 days, or as long as it is told, but never less than an hour', () => {
    const keepMs = (DISPATCHER_RETENTION?: string) =>
      readDispatcherConfig(DISPATCHER_RETENTION ? { DISPATCHER_RETENTION } : {}).retention.keepMs;
    expect([keepMs(), keepMs('7d')]).toEqual([30 * 86_400_000, 7 * 86_400_000]);
    for (const wrong of ['0s', '59m', 'off']) expect(() => keepMs(wrong)).toThrow('DISPATCHER_RETENTION');
  });

  it('never shows an API key', () => {
    const summary = JSON.stringify(
      processConfigSummary({ OPENAI_API_KEY: 'sk-canary', DATABASE_URL: 'postgres://app:canary@db/runs' }),
    );
    expect(summary).not.toContain('canary');
  });
});
