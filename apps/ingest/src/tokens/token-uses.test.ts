import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeTokenService, recordingLogger } from '../../tests/fixtures.ts';
import { createTokenUses } from './token-uses.ts';

const use = (tokenId: string) => ({ orgId: 'org_a', tokenId });

function setup() {
  const { service, tokens } = fakeTokenService();
  const { logger, lines } = recordingLogger();
  return { service, lines, uses: createTokenUses({ tokens, logger, clock: () => 0 }) };
}

afterEach(() => vi.useRealTimers());

describe('uses of tokens', () => {
  it('are reported once a minute, the last of each token, and only what is new', async () => {
    vi.useFakeTimers();
    const { service, uses } = setup();
    for (let ms = 1; ms <= 100; ms++) uses.note(use(`tok_${ms % 2}`), ms);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(service.reported).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(service.reported).toEqual([{ tok_0: 100, tok_1: 99 }]);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(service.reported).toHaveLength(1);
    uses.note(use('tok_0'), 500);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(service.reported[1]).toEqual({ tok_0: 500 });
    await uses[Symbol.asyncDispose]();
  });

  it('are kept while they cannot be reported, and later ones count', async () => {
    const { service, lines, uses } = setup();
    uses.note(use('tok_a'), 1);
    uses.note(use('tok_b'), 1);
    service.state = 'down';
    const failing = uses.report();
    uses.note(use('tok_a'), 2);
    await failing;
    expect(lines).toMatchObject([{ level: 'warn' }]);
    service.state = 'up';
    await uses.report();
    expect(service.reported).toEqual([{ tok_a: 2, tok_b: 1 }]);
    await uses[Symbol.asyncDispose]();
  });

  it('are reported at an orderly stop, no more than a thousand at a time', async () => {
    const { service, uses } = setup();
    for (let i = 0; i < 2_500; i++) uses.note(use(`tok_${i}`), i);
    await uses[Symbol.asyncDispose]();
    expect(service.reported.map((report) => Object.keys(report).length)).toEqual([1_000, 1_000, 500]);
  });
});
