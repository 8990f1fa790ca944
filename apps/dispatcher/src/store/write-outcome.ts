import type { Pool } from '@agent-platform/database';
import { postgresText } from '../postgres-text.ts';
import type { ClaimedRun, Outcome, RunStatus, Step } from '../runs/run.ts';
import { stepColumns, UPSERT_STEPS } from './write-steps.ts';

/**
 * Lets go of a run: its last steps and what became of it, in one statement and only if it is still held. Locks as
 * write-steps does. With the status no longer `running` the lease is over, and a second try changes nothing.
 *
 * A run that somebody wants cancelled ends as such, whenever the wish came; unless there is a call without an answer,
 * which a person has to know of. Waiting at an open circuit ($22) is no attempt.
 */
const WRITE_OUTCOME = `
  with held as (
    update runs
    set warnings = $3, error_code = $18, error_message = $19, output = $20,
        status = case when cancel_requested_at is not null and $17 <> 'outcome_unknown' then 'cancelled' else $17 end,
        claimable_at = now() + $21 * interval '1 ms', attempts = attempts - $22,
        finished_at = case when $17 = 'queued' and cancel_requested_at is null then null else now() end
    where id = $1 and epoch = $2 and status = 'running'
    returning id, org_id, status
  ), written as (${UPSERT_STEPS})
  select status from held`;

/** @returns what was written as the run's status; undefined if it was no longer held, and nothing was written. */
export async function writeOutcome(
  pool: Pool,
  run: Pick<ClaimedRun, 'id' | 'epoch'>,
  o: { readonly warnings: string; readonly steps: readonly Step[]; readonly outcome: Outcome },
): Promise<RunStatus | undefined> {
  const { outcome } = o;
  const error = 'error' in outcome ? outcome.error : undefined;
  const values = [
    run.id,
    run.epoch,
    o.warnings,
    ...stepColumns(o.steps),
    outcome.status,
    error?.code ?? null,
    error ? postgresText(error.message) : null,
    outcome.status === 'succeeded' && outcome.output !== undefined ? postgresText(outcome.output) : null,
    outcome.status === 'queued' ? outcome.delayMs : 0,
    outcome.status === 'queued' && outcome.uncounted ? 1 : 0,
  ];
  const query = { name: 'write-outcome', text: WRITE_OUTCOME, values };
  return (await pool.query<{ status: RunStatus }>(query)).rows[0]?.status;
}
