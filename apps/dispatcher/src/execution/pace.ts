import { performance } from 'node:perf_hooks';
import type { ClaimedRun } from './run.ts';

/** Keeps backlogs from slowing down tenants that have none: see docs/adr/0030. */
export interface Pace extends Disposable {
  /** Resolves when the run may start. */
  turn(run: Pick<ClaimedRun, 'orgId' | 'waitedMs'>): Promise<void>;
}

/** A run that waited to be claimed for no longer than twice this has no backlog before it, and starts at once. */
const SHORT_MS = 125;
/** Whoever waits this long itself is not better off when others are held back. */
const LONG_MS = 5_000;
/** A share of the event loop's time: above it, everything that shares the loop waits noticeably longer. */
const BUSY = 0.7;
const TICK_MS = 50;
/** Starts per second of all backlogs together, which halve in 0.5 s and double in 0.7 s. */
const RATE = { min: 16, max: 1_000, fall: 0.93, rise: 1.05 };
/** Backlogs together get no fewer starts than this, times those of everybody else. */
const LEAST = 0.25;
/** Of the last tick, in the average of the load. */
const WEIGHT = 0.2;
/** For each tick: a short wait is forgotten within 4 s. */
const FORGET = 1.05;

interface Waiting {
  readonly waitedMs: number;
  readonly start: () => void;
}

/** @param utilisation - how busy this thread was since it was last asked, 0 to 1. */
export function createPace(utilisation: () => number = loopUtilisation()): Pace {
  /** The shortest wait of each tenant lately. */
  const shortest = new Map<string, number>();
  /** Runs that are held back, by tenant, in the order of the tenants' turns. */
  const waiting = new Map<string, Waiting[]>();
  let load = 0;
  let rate = RATE.max;
  let starts = 0;
  /** Starts without a backlog: since the last tick, and per second. */
  let others = { count: 0, perSecond: 0 };

  /** Nobody else's runs have waited for much less. */
  function mayStart(orgId: string, waitedMs: number): boolean {
    if (waitedMs <= 2 * SHORT_MS) return true;
    for (const [other, ms] of shortest) if (other !== orgId && waitedMs > 2 * ms) return false;
    return true;
  }

  function proceed(): void {
    for (const [orgId, queue] of waiting) {
      const [{ waitedMs, start }] = queue as [Waiting];
      if (starts < 1 && !mayStart(orgId, waitedMs)) continue;
      starts--;
      start();
      queue.shift();
      // To the end of the line.
      waiting.delete(orgId);
      if (queue.length > 0) waiting.set(orgId, queue);
    }
  }

  const timer = setInterval(() => {
    for (const [orgId, ms] of shortest) {
      if (ms * FORGET < LONG_MS) shortest.set(orgId, ms * FORGET);
      else shortest.delete(orgId);
    }
    load += (utilisation() - load) * WEIGHT;
    const perSecond = others.perSecond + ((others.count * 1_000) / TICK_MS - others.perSecond) * WEIGHT;
    others = { count: 0, perSecond };
    const changed = load > BUSY ? rate * RATE.fall : rate * RATE.rise;
    // Nobody stops a backlog by keeping the process busy.
    rate = Math.min(Math.max(changed, RATE.min, perSecond * LEAST), RATE.max);
    const granted = (rate * TICK_MS) / 1_000;
    // Starts that nobody needed are not saved up.
    starts = Math.min(Math.max(starts, 0) + granted, granted + 1);
    proceed();
  }, TICK_MS);

  return {
    async turn({ orgId, waitedMs }) {
      const ms = Math.max(waitedMs, SHORT_MS);
      if (ms < (shortest.get(orgId) ?? LONG_MS)) shortest.set(orgId, ms);
      if (waitedMs <= 2 * SHORT_MS) others.count++;
      if (mayStart(orgId, waitedMs)) return;
      const { promise, resolve: start } = Promise.withResolvers<void>();
      const queue = waiting.get(orgId);
      if (queue) queue.push({ waitedMs, start });
      else waiting.set(orgId, [{ waitedMs, start }]);
      await promise;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      shortest.clear();
      proceed();
    },
  };
}

function loopUtilisation(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
