import { describe, expect, it, vi } from 'vitest';
import { repeat } from './repeat.ts';

const HOUR_MS = 3_600_000;

describe('repeat', () => {
  it('begins at once, and goes on without a pause until one is asked for', async () => {
    let passes = 0;
    const working = repeat(async () => (++passes < 5 ? 0 : HOUR_MS));
    expect(passes).toBe(1);
    await vi.waitFor(() => expect(passes).toBe(5));
    await new Promise(setImmediate);
    expect(passes).toBe(5);
    await working[Symbol.asyncDispose]();
    expect(passes).toBe(5);
  });

  it('never begins when it is disposed of in the first pause', async () => {
    const pass = vi.fn(async () => HOUR_MS);
    await repeat(pass, HOUR_MS)[Symbol.asyncDispose]();
    expect(pass).not.toHaveBeenCalled();
  });

  it('tells the pass under way to stop, and waits for it', async () => {
    const steps: string[] = [];
    const working = repeat(async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      steps.push('told');
      await Promise.resolve();
      steps.push('done');
      return 0;
    });
    await working[Symbol.asyncDispose]();
    expect(steps).toEqual(['told', 'done']);
  });
});
