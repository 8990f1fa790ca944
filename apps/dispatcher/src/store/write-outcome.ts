import type { Pool } from '@agent-platform/database';
import { postgresText } from '../postgres-text.ts';
import type { ClaimedRun, Outcome, Step } from '../runs/run.ts';
import { stepColumns, UPSERT_STEPS } from './write-steps.ts';

/**
 * Lets go of a run: its last steps and what became of it, in one statement and only if it is still held. Locks as
 * write-steps does. With the status no longer `running` the lease is over, and a second try changes nothing.
 */
const WRITE_OUTCOME = `
  with held as (
    update runs
    set warnings = $3, status = $17, error_code = $18, error_message = $19, output = $20,
        claimable_at = now() + $21 * interval '1 ms',
        finished_at = case when $17 = 'queued' then null else now() end
    where id = $1 and epoch = $2 and status = 'running'
    returning id, org_id
  ), written as (${UPSERT_STEPS})
  select id from held`;

/** @returns whether the run was still held; nothing was written if not. */
export async function writeOutcome(
  pool: Pool,
  run: Pick<ClaimedRun, 'id' | 'epoch'>,
  o: { readonly warnings: string; readonly steps: readonly Step[]; readonly outcome: Outcome },
): Promise<boolean> {
  const { outcome } = o;
  const error = outcome.status === 'succeeded' ? undefined : outcome.error;
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
  ];
  const { rows } = await pool.query({ name: 'write-outcome', text: WRITE_OUTCOME, values });
  return rows.length > 0;
}
