import type { Pool } from '@agent-platform/database';
import { postgresText } from '../postgres-text.ts';
import type { ClaimedRun, Step } from '../runs/run.ts';

/** Steps as the parallel arrays `unnest` takes, from $4 on. */
export function stepColumns(steps: readonly Step[]): unknown[] {
  const text = (value: string | null | undefined) => (value == null ? null : postgresText(value));
  return [
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

/** Inserts what is new and completes what was started; nothing where `held` is empty. */
export const UPSERT_STEPS = `
  insert into steps (run_id, org_id, number, kind, status, position, skill, tool, arguments, repeatable, result,
                     error_code, error_message, started_at, finished_at)
  select held.id, held.org_id, s.*
  from held, unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::boolean[],
                    $12::text[], $13::text[], $14::text[], $15::timestamptz[], $16::timestamptz[]) as s
  on conflict (run_id, number) do update
  set status = excluded.status, result = excluded.result, error_code = excluded.error_code,
      error_message = excluded.error_message, finished_at = excluded.finished_at`;

/**
 * Journals steps, with the run's warnings, if the run is still held: the update finds no row once another worker has
 * raised the epoch, and then nothing is inserted either. It locks the run's row first and its steps after, as
 * write-outcome does; a claim that comes meanwhile skips the locked run.
 */
const WRITE_STEPS = `
  with held as (
    update runs set warnings = $3 where id = $1 and epoch = $2 and status = 'running'
    returning id, org_id, cancel_requested_at
  ), written as (${UPSERT_STEPS})
  select cancel_requested_at is not null as cancel_requested from held`;

/** @returns whether the run is to be cancelled; undefined if it was no longer held, and nothing was written. */
export async function writeSteps(
  pool: Pool,
  run: Pick<ClaimedRun, 'id' | 'epoch'>,
  o: { readonly warnings: string; readonly steps: readonly Step[] },
): Promise<{ readonly cancelRequested: boolean } | undefined> {
  const values = [run.id, run.epoch, o.warnings, ...stepColumns(o.steps)];
  const query = { name: 'write-steps', text: WRITE_STEPS, values };
  const [row] = (await pool.query<{ cancel_requested: boolean }>(query)).rows;
  return row && { cancelRequested: row.cancel_requested };
}
