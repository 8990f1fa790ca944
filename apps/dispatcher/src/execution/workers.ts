import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimRuns } from '../store/runs/claim-runs.ts';
import { markDue } from '../store/runs/mark-due.ts';
import { renewLeases } from '../store/runs/renew-leases.ts';
import { createHeldRuns, type HeldRun } from './held-runs.ts';
import { createPace } from './pace.ts';
import { createPlans } from './plans.ts';
import type { ClaimedRun } from './run.ts';
import { ShuttingDown } from './stop.ts';
import { createTurns } from './turns.ts';
import { workOnRun, type WorkDeps } from './work-on-run.ts';

export interface WorkersConfig {
  /** Runs at a time. One tenant alone gets four fifths of them, and one trigger four fifths of that (ADR 21). */
  readonly concurrency: number;
  /** Runs of one tenant at a time, in all processes together. */
  readonly maxOfTenant: number;
  readonly leaseMs: number;
  /** How old a lease is when it is renewed. */
  readonly heartbeatMs: number;
  /** How often to look for work nobody has announced: retries that are due, runs of workers that are gone. */
  readonly pollMs: number;
  /** How long runs may go on when the process stops, before they are handed back. */
  readonly drainMs: number;
}

export interface Workers extends AsyncDisposable {
  /** There is work. */
  wake(): void;
}

/** What is left of the deadline for runs to be handed back in, once they were told to stop. */
const UNWIND_MS = 1_000;

/** Long enough for another worker's claim to end. */
const CONTENDED_MS = 5;

const REFILLED_PARTS = 8;
const REFILLED_WITHIN_MS = 20;

const MARKED_AT_ONCE = 1_000;

/** A statement renews so few that no run of somebody else waits for it, and most runs end before their turn comes. */
const RENEWED_AT_ONCE = 25;
const BEATS = 4;

export function startWorkers(config: WorkersConfig, deps: WorkDeps): Workers {
  const { pool, logger } = deps;
  const plans = createPlans(pool);
  const held = createHeldRuns(config.leaseMs, () => performance.now());
  const turns = createTurns();
  const pace = createPace();
  const working = new Set<Promise<void>>();
  let stopping = false;
  let claiming: Promise<void> | undefined;
  let wanted = false;
  let backlog = false;
  let freed = 0;
  let refilling: NodeJS.Timeout | undefined;
  let beating = false;
  let looking: Promise<void> | undefined;

  function wake(): void {
    wanted = true;
    claiming ??= claimAll().finally(() => {
      claiming = undefined;
      // Woken after the last look and before this.
      if (wanted && !stopping) wake();
    });
  }

  /** Places that become free are given out together: a claim for one costs as much as a claim for many. */
  function refill(): void {
    if (freed >= config.concurrency / REFILLED_PARTS) wake();
    else refilling ??= setTimeout(wake, REFILLED_WITHIN_MS);
  }

  /** One claim at a time: slots that become free meanwhile are filled together by the next. */
  async function claimAll(): Promise<void> {
    while (wanted && !stopping) {
      wanted = false;
      freed = 0;
      clearTimeout(refilling);
      refilling = undefined;
      const limit = config.concurrency - held.size;
      if (limit <= 0) return;
      const sinceMs = performance.now();
      try {
        const claimed = await claim(limit);
        backlog = claimed.backlog;
        turns.had(claimed);
        const loaded = await plans.load(claimed.runs);
        for (const [index, run] of claimed.runs.entries()) start({ ...run, plan: loaded[index]! }, sinceMs);
        if (claimed.unfinished && claimed.runs.length > 0) wanted = true;
        if (claimed.contended) setTimeout(wake, CONTENDED_MS * (1 + Math.random())).unref();
      } catch (error) {
        logger.warn({ err: error }, 'no runs can be claimed');
      }
    }
  }

  function claim(limit: number) {
    const { leaseMs, maxOfTenant } = config;
    const heldOf = { tenants: held.countBy('orgId'), triggers: held.countBy('triggerId') };
    return claimRuns(pool, { limit, leaseMs, maxOfTenant, held: held.ids(), heldOf, after: turns.after });
  }

  function look(): void {
    looking ??= markAll().finally(() => {
      looking = undefined;
      wake();
    });
  }

  /** Retries that are due and runs of workers that are gone may be claimed from now on. */
  async function markAll(): Promise<void> {
    const limit = MARKED_AT_ONCE;
    try {
      while (!stopping && (await markDue(pool, { limit, held: held.ids() })) === limit) wake();
    } catch (error) {
      logger.warn({ err: error }, 'runs that are due cannot be looked for');
    }
  }

  function start(run: ClaimedRun, sinceMs: number): void {
    const lease = held.add(run, sinceMs);
    if (run.cancelRequested) lease.cancel();
    const done = work(run, lease).finally(() => {
      held.remove(lease);
      working.delete(done);
      freed++;
      if (backlog) refill();
    });
    working.add(done);
  }

  async function work(run: ClaimedRun, lease: HeldRun): Promise<void> {
    await pace.turn(run);
    await workOnRun(deps, run, lease);
  }

  async function heartbeat(): Promise<void> {
    if (beating) return held.dropExpired();
    beating = true;
    const old = held.olderThan(config.heartbeatMs);
    try {
      while (old.length > 0) {
        const asked = old.splice(0, RENEWED_AT_ONCE);
        const sinceMs = performance.now();
        held.renewed(asked, await renewLeases(pool, { held: asked, leaseMs: config.leaseMs }), sinceMs);
      }
    } catch (error) {
      logger.warn({ err: error }, 'leases could not be renewed');
    } finally {
      beating = false;
      held.dropExpired();
    }
  }

  const poll = setInterval(look, config.pollMs);
  const beat = setInterval(() => void heartbeat(), config.heartbeatMs / BEATS);
  look();

  return {
    wake,
    async [Symbol.asyncDispose]() {
      stopping = true;
      clearInterval(poll);
      clearTimeout(refilling);
      pace[Symbol.dispose]();
      await Promise.all([looking, claiming]);
      await within(config.drainMs, working);
      held.abortAll(new ShuttingDown('the process stops'));
      if (!(await within(UNWIND_MS, working))) logger.error({ runs: held.ids() }, 'runs that do not stop are left');
      clearInterval(beat);
    },
  };
}

/** @returns whether all of it was done in time. */
async function within(timeoutMs: number, work: ReadonlySet<Promise<void>>): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, false, { signal: timer.signal }).catch(() => true);
  try {
    return await Promise.race([Promise.all(work).then(() => true), late]);
  } finally {
    timer.abort();
  }
}
