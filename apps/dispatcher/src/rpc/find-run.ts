import { AppError } from '@agent-platform/service';
import type { Run } from '../generated/prisma/client.ts';
import { runMessage } from './run-messages.ts';
import type { TenantDatabase } from './tenant-database.ts';

export function runNotFound(id: string): AppError {
  return new AppError('not_found', 'run_not_found', `There is no run ${id}.`);
}

/** With its steps, as the API answers it. @throws AppError `run_not_found` */
export async function findRun(db: TenantDatabase, id: string) {
  const run = await db.run.findUnique({ where: { id }, omit: { planHash: true } });
  if (!run) throw runNotFound(id);
  const steps = await db.step.findMany({ where: { runId: id }, orderBy: { number: 'asc' } });
  return runMessage(run, steps);
}

/** What a person wants of a run does not go with where it is. */
export function wrongState(run: Pick<Run, 'id' | 'status'>, what: string): AppError {
  return new AppError('failed_precondition', 'run_state_wrong', `Run ${run.id} is ${run.status}: ${what}`);
}
