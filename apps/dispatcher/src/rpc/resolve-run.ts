import type { Plan } from '../events/plan.ts';
import { postgresText } from '../store/postgres-text.ts';
import { resolve, type Resolution } from '../execution/resolution.ts';
import { runNotFound, wrongState } from './find-run.ts';
import type { TenantDatabase } from './tenant-database.ts';

type Decision = Pick<Resolution, 'outcome' | 'note' | 'by'>;

/**
 * Writes a person's decision about a run whose call has no answer. No worker holds such a run, so this is the only
 * writer; of two decisions at once the first one counts. The same decision again changes nothing.
 *
 * @throws AppError `run_not_found`, `run_state_wrong`
 */
export async function resolveRun(db: TenantDatabase, id: string, of: Decision): Promise<void> {
  const run = await db.run.findUnique({ where: { id } });
  if (!run) throw runNotFound(id);
  const before = JSON.parse(run.resolutions) as Resolution[];
  if (run.status !== 'outcome_unknown') {
    if (before.at(-1)?.outcome === of.outcome) return;
    throw wrongState(run, 'only a run that is outcome_unknown can be resolved.');
  }
  const now = new Date();
  const step = await db.step.findFirstOrThrow({ where: { runId: id, kind: 'tool_call' }, orderBy: { number: 'desc' } });
  const resolution: Resolution = {
    ...of,
    note: postgresText(of.note),
    at: now.toISOString(),
    step: step.number,
    error: { code: run.errorCode ?? '', message: run.errorMessage ?? '' },
  };
  const plan = await db.plan.findFirstOrThrow({ where: { hash: run.planHash } });
  const { kind } = (JSON.parse(plan.content) as Plan).action;
  const problem = step.errorCode === null ? null : { code: step.errorCode, message: step.errorMessage ?? '' };
  const resolved = resolve(kind, { error: problem }, resolution);
  const isFirst = await db.$transaction(async (tx) => {
    // The run's row first and its steps after, as workers lock them.
    const { count } = await tx.run.updateMany({
      where: { id, status: 'outcome_unknown', epoch: run.epoch },
      data: {
        status: resolved.status,
        errorCode: resolved.error?.code ?? null,
        errorMessage: resolved.error?.message ?? null,
        resolutions: JSON.stringify([...before, resolution]),
        claimableAt: now,
        due: true,
        finishedAt: resolved.status === 'queued' ? null : now,
        // Who decides now knows of the wish to cancel, and decided otherwise.
        cancelRequestedAt: null,
        cancelRequestedBy: null,
      },
    });
    if (count === 0) return false;
    await tx.step.update({
      where: { runId_number: { runId: id, number: step.number } },
      data: {
        status: resolved.step.status,
        result: resolved.step.result,
        errorCode: resolved.step.error?.code ?? null,
        errorMessage: resolved.step.error?.message ?? null,
        finishedAt: step.finishedAt ?? now,
      },
    });
    return true;
  });
  if (!isFirst) await resolveRun(db, id, of);
}
