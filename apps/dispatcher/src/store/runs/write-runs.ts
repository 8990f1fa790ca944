import type { Pool } from '@agent-platform/database';
import { postgresText } from '../postgres-text.ts';
import type { Outcome, RunStatus, Step, UnplannedRun } from '../rows/run.ts';

/** What a worker has to write about a run it holds. */
export interface RunChange {
  readonly run: Pick<UnplannedRun, 'id' | 'epoch'>;
  /** JSON: all of the run's warnings. */
  readonly warnings: string;
  /** New ones, and those that have changed. */
  readonly steps: readonly Step[];
  /** Set when the worker lets go of the run. */
  readonly outcome?: Outcome;
}

export interface RunWritten {
  readonly status: RunStatus;
  readonly cancelRequested: boolean;
}

/**
 * Writes steps and outcomes of many runs, each only if it is still held: the lock finds no row once another worker has
 * raised the epoch, and then nothing of that change is written. Locks the rows of the runs first, in the order of their
 * ids as renew-leases does, and their steps after; a claim that comes meanwhile skips the locked runs. A run's own row
 * is written only when something about it changes: with its plan it is many times as large as a step.
 *
 * A run that somebody wants cancelled ends as such, whenever the wish came; unless there is a call without an answer,
 * which a person has to know of. With the status no longer `running` the lease is over, and a second try changes
 * nothing. Waiting at an open circuit (`uncounted`) is no attempt.
 */
const WRITE_RUNS = `
  with change as (
    select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[],
                         $9::int[], $24::int[], $25::timestamptz[])
      with ordinality
      as c (run_id, epoch, warnings, outcome, error_code, error_message, output, delay_ms, uncounted, attempts_left,
            gives_up_at, number)
  ), held as (
    select runs.id, runs.org_id, runs.status, runs.cancel_requested_at is not null as cancel_requested, change.number
    from runs join change on runs.id = change.run_id and runs.epoch = change.epoch
    where runs.status = 'running'
    order by runs.id
    for no key update of runs
  ), left_with as (
    update runs
    set warnings = c.warnings,
        error_code = case when c.outcome is null then runs.error_code else c.error_code end,
        error_message = case when c.outcome is null then runs.error_message else c.error_message end,
        output = case when c.outcome is null then runs.output else c.output end,
        status = case when c.outcome is null then runs.status
                      when held.cancel_requested and c.outcome <> 'outcome_unknown' then 'cancelled'
                      else c.outcome end,
        claimable_at = case when c.outcome is null then runs.claimable_at
                            else now() + c.delay_ms * interval '1 ms' end,
        due = c.outcome is not null and c.outcome = 'queued' and c.delay_ms = 0,
        attempts = attempts - c.uncounted,
        attempts_left = case when c.outcome is null then runs.attempts_left else c.attempts_left end,
        gives_up_at = case when c.outcome is null then runs.gives_up_at else c.gives_up_at end,
        finished_at = case when c.outcome is null or (c.outcome = 'queued' and not held.cancel_requested) then null
                           else now() end
    from change as c join held using (number)
    where runs.id = held.id and (c.outcome is not null or runs.warnings <> c.warnings)
    returning runs.status, number
  ), written as (
    insert into steps (run_id, org_id, number, kind, status, position, skill, tool, arguments, repeatable, result,
                       error_code, error_message, started_at, finished_at, result_bytes, result_sha256)
    select held.id, held.org_id, s.number, s.kind, s.status, s.position, s.skill, s.tool, s.arguments, s.repeatable,
           s.result, s.error_code, s.error_message, s.started_at, s.finished_at, s.result_bytes,
           decode(s.result_sha256, 'hex')
    from unnest($10::int[], $11::int[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
                $18::boolean[], $19::text[], $20::text[], $21::text[], $22::timestamptz[], $23::timestamptz[],
                $26::int[], $27::text[])
      as s (change, number, kind, status, position, skill, tool, arguments, repeatable, result, error_code,
            error_message, started_at, finished_at, result_bytes, result_sha256)
    join held on held.number = s.change
    on conflict (run_id, number) do update
    set status = excluded.status, result = excluded.result, result_bytes = excluded.result_bytes,
        result_sha256 = excluded.result_sha256, error_code = excluded.error_code,
        error_message = excluded.error_message, finished_at = excluded.finished_at
  )
  select held.number::int, coalesce(left_with.status, held.status) as status, held.cancel_requested
  from held left join left_with using (number)`;

interface Row {
  number: number;
  status: RunStatus;
  cancel_requested: boolean;
}

/** @returns for each change, in their order: what is so now; undefined if the run was no longer held. */
export async function writeRuns(pool: Pool, changes: readonly RunChange[]): Promise<(RunWritten | undefined)[]> {
  const values = [...runColumns(changes), ...stepColumns(changes), ...retryColumns(changes), ...cutColumns(changes)];
  const { rows } = await pool.query<Row>({ name: 'write-runs', text: WRITE_RUNS, values });
  const written = Array<RunWritten | undefined>(changes.length).fill(undefined);
  for (const { number, status, cancel_requested: cancelRequested } of rows) {
    written[number - 1] = { status, cancelRequested };
  }
  return written;
}

const text = (value: string | null | undefined) => (value == null ? null : postgresText(value));

function runColumns(changes: readonly RunChange[]): unknown[] {
  const outcomes = changes.map(({ outcome }) => outcome);
  const errors = outcomes.map((outcome) => (outcome && 'error' in outcome ? outcome.error : undefined));
  return [
    changes.map(({ run }) => run.id),
    changes.map(({ run }) => run.epoch),
    changes.map(({ warnings }) => warnings),
    outcomes.map((outcome) => outcome?.status ?? null),
    errors.map((error) => error?.code ?? null),
    errors.map((error) => text(error?.message)),
    outcomes.map((outcome) => (outcome?.status === 'succeeded' ? text(outcome.output) : null)),
    outcomes.map((outcome) => (outcome?.status === 'queued' ? outcome.delayMs : 0)),
    outcomes.map((outcome) => (outcome?.status === 'queued' && outcome.uncounted ? 1 : 0)),
  ];
}

function retryColumns(changes: readonly RunChange[]): unknown[] {
  const retries = changes.map(({ outcome }) => (outcome?.status === 'queued' ? outcome.retry : undefined));
  return [retries.map((retry) => retry?.attemptsLeft ?? null), retries.map((retry) => retry?.givesUpAt ?? null)];
}

function cutColumns(changes: readonly RunChange[]): unknown[] {
  const cuts = changes.flatMap(({ steps }) => steps.map(({ cut }) => cut));
  return [cuts.map((cut) => cut?.sizeBytes ?? null), cuts.map((cut) => cut?.sha256 ?? null)];
}

function stepColumns(changes: readonly RunChange[]): unknown[] {
  const steps = changes.flatMap(({ steps }) => steps);
  return [
    changes.flatMap(({ steps }, index) => steps.map(() => index + 1)),
    steps.map((step) => step.number),
    steps.map((step) => step.kind),
    steps.map((step) => step.status),
    steps.map((step) => step.position),
    steps.map((step) => text(step.skill)),
    steps.map((step) => text(step.tool)),
    steps.map((step) => step.arguments),
    steps.map((step) => step.repeatable),
    steps.map((step) => step.result),
    steps.map((step) => text(step.error?.code)),
    steps.map((step) => text(step.error?.message)),
    steps.map((step) => step.startedAt),
    steps.map((step) => step.finishedAt),
  ];
}
