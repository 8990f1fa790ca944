import { describe, expect, it } from 'vitest';
import { createHeldRuns } from './held-runs.ts';
import { LeaseLost, ShuttingDown } from './stop.ts';

const claimed = (epoch: number) => ({ id: 'run_1', epoch, orgId: 'org_1', triggerId: 'trg_1' });

function setUp() {
  const clock = { nowMs: 0 };
  const held = createHeldRuns(10_000, () => clock.nowMs);
  return { clock, held, run: held.add(claimed(1), 0) };
}

describe('held runs', () => {
  it('are held for as long as the lease, counted from before it was asked for', () => {
    const { clock, held, run } = setUp();
    clock.nowMs = 9_000;
    held.renewed([run], new Map([['run_1', false]]), 8_000);
    clock.nowMs = 17_999;
    held.dropExpired();
    expect([run.isHeld(), run.signal.aborted]).toEqual([true, false]);
    clock.nowMs = 18_000;
    expect(run.isHeld()).toBe(false);
    held.dropExpired();
    expect(run.signal.reason).toBeInstanceOf(LeaseLost);
  });

  it('are lost when a heartbeat does not renew them', () => {
    const { held, run } = setUp();
    held.renewed([run], new Map(), 1_000);
    expect(run.signal.reason).toBeInstanceOf(LeaseLost);
    expect(run.isHeld()).toBe(false);
  });

  it('are not lost to a heartbeat that was asked for an earlier claim of the same run', () => {
    const { held, run } = setUp();
    held.remove(run);
    const again = held.add(claimed(3), 500);
    held.renewed([run], new Map(), 1_000);
    expect(again.signal.aborted).toBe(false);
  });

  it('are counted by tenant and by trigger, until they are let go of', () => {
    const { held, run } = setUp();
    held.add({ ...claimed(1), id: 'run_2', triggerId: 'trg_2' }, 0);
    expect([held.countBy('orgId'), held.countBy('triggerId')]).toEqual([{ org_1: 2 }, { trg_1: 1, trg_2: 1 }]);
    held.remove(run);
    expect([held.countBy('orgId'), held.countBy('triggerId')]).toEqual([{ org_1: 1 }, { trg_2: 1 }]);
  });

  it('are still held while they are handed back, so that this can be written', () => {
    const { held, run } = setUp();
    held.abortAll(new ShuttingDown());
    expect([run.signal.aborted, run.isHeld()]).toEqual([true, true]);
  });
});
