import type { Outcome, Problem } from '../store/rows/run.ts';

/** Ends the execution of a run from any depth: the outcome is decided. */
export class RunStop extends Error {
  override readonly name = 'RunStop';
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(outcome.status);
    this.outcome = outcome;
  }
}

/** Another worker has the run, or may have it by now: nothing more may be written or sent for it. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The reason a run's signal is aborted with when the process stops: the run is handed back. */
export class ShuttingDown extends Error {
  override readonly name = 'ShuttingDown';
}

export function failed(code: string, message: string): RunStop {
  return new RunStop({ status: 'failed', error: { code, message } });
}

export function outcomeUnknown(error: Problem): RunStop {
  return new RunStop({ status: 'outcome_unknown', error });
}
