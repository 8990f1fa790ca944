import { setTimeout as sleep } from 'node:timers/promises';
import { databaseErrorToAppError } from '@agent-platform/database';
import { isPassing } from '@agent-platform/errors';
import type { RunWritten } from '../store/runs/write-runs.ts';
import type { ClaimedRun } from './run.ts';
import type { RunWriter } from './run-writer.ts';
import { LeaseLost } from './stop.ts';
import type { Outcome, Problem, ResultCut, RunStatus, Step } from '../store/rows/run.ts';

export type NewStep = Pick<Step, 'kind' | 'position' | 'repeatable'> &
  Partial<Pick<Step, 'skill' | 'tool' | 'arguments'>>;

/** What a run has done so far. Changes are kept until `commit` or `finish` writes them, guarded by the fence. */
export interface Journal {
  readonly steps: readonly Step[];
  /** The latest attempt at a position. */
  last(position: string): Step | undefined;
  /** Attempts at a position that failed since one succeeded, but for those that only a stop of the process ended. */
  failed(position: string): readonly Step[];
  begin(step: NewStep): Step;
  /**
   * @param result - JSON text.
   * @param cut - of what it is a part.
   */
  succeed(step: Step, result: string, cut?: ResultCut | null): void;
  fail(step: Step, error: Problem): void;
  warn(message: string): void;
  /** Writes what has changed. @throws LeaseLost when another worker has the run. */
  commit(): Promise<void>;
  /** Writes the last steps and lets go of the run. @returns its status now. @throws LeaseLost */
  finish(outcome: Outcome): Promise<RunStatus>;
}

export interface JournalOptions {
  readonly writer: Pick<RunWriter, 'write'>;
  readonly run: ClaimedRun;
  readonly steps: readonly Step[];
  /** Whether the lease may still be ours, by this process's own clock. */
  readonly isHeld: () => boolean;
  readonly onStep: (step: Step) => void;
  /** Told when a write comes to know that the run is to be cancelled. */
  readonly onCancelRequested: () => void;
}

/** The error of a step that was cut short because the process stopped. */
export const HANDED_BACK = 'handed_back';

const WRITE_PAUSE_MS = 200;

export function createJournal(o: JournalOptions): Journal {
  const { writer, run, steps: before, isHeld, onStep } = o;
  const steps = [...before];
  const changed = new Set<Step>();
  const warnings = new Set(run.warnings);

  /** A database that is away for a moment must not turn an answer we hold into one nobody knows: all writes repeat. */
  async function write(outcome?: Outcome): Promise<RunWritten> {
    const written = [...changed];
    const change = { run, warnings: JSON.stringify([...warnings]), steps: written, ...(outcome && { outcome }) };
    for (;;) {
      try {
        const answer = await writer.write(change);
        if (answer === undefined) throw new LeaseLost();
        for (const step of written) changed.delete(step);
        return answer;
      } catch (error) {
        if (error instanceof LeaseLost || !isPassing(databaseErrorToAppError(error))) throw error;
        if (!isHeld())
          throw new LeaseLost('the database could not be reached for as long as the lease', { cause: error });
        await sleep(WRITE_PAUSE_MS);
      }
    }
  }

  function end(step: Step, change: Pick<Step, 'status'> & Partial<Pick<Step, 'result' | 'cut' | 'error'>>): void {
    Object.assign(step, change, { finishedAt: new Date() });
    changed.add(step);
    onStep(step);
  }

  return {
    steps,
    last: (position) => steps.findLast((step) => step.position === position),
    failed(position) {
      const attempts = steps.filter((step) => step.position === position && step.error?.code !== HANDED_BACK);
      return attempts.slice(attempts.findLastIndex(({ status }) => status === 'succeeded') + 1);
    },
    begin(fields) {
      const step: Step = {
        skill: null,
        tool: null,
        arguments: null,
        ...fields,
        number: steps.length + 1,
        status: 'started',
        result: null,
        cut: null,
        error: null,
        startedAt: new Date(),
        finishedAt: null,
      };
      steps.push(step);
      changed.add(step);
      return step;
    },
    succeed: (step, result, cut = null) => end(step, { status: 'succeeded', result, cut }),
    fail: (step, error) => end(step, { status: 'failed', error }),
    warn: (message) => warnings.add(message),
    async commit() {
      if (changed.size === 0) return;
      const { cancelRequested } = await write();
      if (cancelRequested) o.onCancelRequested();
    },
    finish: async (outcome) => (await write(outcome)).status,
  };
}
