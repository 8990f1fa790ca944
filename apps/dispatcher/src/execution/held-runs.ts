import type { Counts } from '../store/runs/claim-runs.ts';
import type { ClaimedRun } from './run.ts';
import { LeaseLost } from './stop.ts';

type Claimed = Pick<ClaimedRun, 'id' | 'epoch' | 'orgId' | 'triggerId'>;

/** A run this process works on, for as long as its lease lasts. */
export interface HeldRun extends Claimed {
  /** Aborted with LeaseLost when the lease is lost and with ShuttingDown when the process stops. */
  readonly signal: AbortSignal;
  /** Aborted when somebody wants the run to end. */
  readonly cancelled: AbortSignal;
  readonly cancel: () => void;
  /** By this process's own clock, counted from before the claim or heartbeat was sent: never later than the database says. */
  readonly isHeld: () => boolean;
}

export interface HeldRuns {
  readonly size: number;
  ids(): string[];
  /** Those whose lease began so long ago. */
  olderThan(ageMs: number): HeldRun[];
  /** How many there are of each tenant, or of each trigger. */
  countBy(what: 'orgId' | 'triggerId'): Counts;
  /** @param nowMs - from before the claim was sent. */
  add(run: Claimed, nowMs: number): HeldRun;
  remove(run: HeldRun): void;
  /**
   * After a heartbeat for `asked`: what it did not renew is lost.
   *
   * @param renewed - whether each run is to be cancelled, by its id.
   */
  renewed(asked: readonly HeldRun[], renewed: ReadonlyMap<string, boolean>, nowMs: number): void;
  /** Gives up what has not been renewed for as long as a lease lasts: someone else may have it by now. */
  dropExpired(): void;
  abortAll(reason: Error): void;
}

interface Entry extends HeldRun {
  readonly controller: AbortController;
  untilMs: number;
}

/** @param nowMs - a clock that only goes forward. */
export function createHeldRuns(leaseMs: number, nowMs: () => number): HeldRuns {
  const entries = new Map<string, Entry>();

  return {
    get size() {
      return entries.size;
    },
    ids: () => [...entries.keys()],
    olderThan: (ageMs) => [...entries.values()].filter(({ untilMs }) => nowMs() >= untilMs - leaseMs + ageMs),
    countBy(what) {
      const counts: Record<string, number> = {};
      for (const run of entries.values()) counts[run[what]] = (counts[run[what]] ?? 0) + 1;
      return counts;
    },
    add({ id, epoch, orgId, triggerId }, sinceMs) {
      const controller = new AbortController();
      const cancelling = new AbortController();
      const entry: Entry = {
        id,
        epoch,
        orgId,
        triggerId,
        controller,
        signal: controller.signal,
        cancelled: cancelling.signal,
        cancel: () => cancelling.abort(),
        untilMs: sinceMs + leaseMs,
        isHeld: () => !(controller.signal.reason instanceof LeaseLost) && nowMs() < entry.untilMs,
      };
      entries.set(id, entry);
      return entry;
    },
    remove: (run) => void entries.delete(run.id),
    renewed(asked, renewed, sinceMs) {
      for (const run of asked) {
        const entry = entries.get(run.id);
        // It may have been let go of, and even claimed again, while the heartbeat was under way.
        if (entry !== run) continue;
        const cancelRequested = renewed.get(run.id);
        if (cancelRequested === undefined) entry.controller.abort(new LeaseLost('another worker has the run'));
        else entry.untilMs = sinceMs + leaseMs;
        if (cancelRequested) entry.cancel();
      }
    },
    dropExpired() {
      for (const { controller, untilMs } of entries.values()) {
        if (nowMs() >= untilMs) controller.abort(new LeaseLost('the lease could not be renewed'));
      }
    },
    abortAll(reason) {
      for (const { controller } of entries.values()) controller.abort(reason);
    },
  };
}
