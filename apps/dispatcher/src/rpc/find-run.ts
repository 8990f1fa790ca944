import { AppError } from '@agent-platform/errors';
import type { Run } from '../generated/prisma/client.ts';
import { listSteps } from './list-steps.ts';
import { runMessage } from './run-messages.ts';
import type { TenantDatabase } from './tenant-database.ts';

/** As many as there may be on a page. */
const FIRST_STEPS = 1_000;

export function runNotFound(id: string): AppError {
  return new AppError('not_found', 'run_not_found', `There is no run ${id}.`);
}

/** With its first steps, as the API answers it, and why it waits. @throws AppError `run_not_found` */
export async function findRun(db: TenantDatabase, id: string, maxOfTenant: number) {
  const run = await db.run.findUnique({ where: { id }, omit: { planHash: true } });
  if (!run) throw runNotFound(id);
  const { steps, nextPageToken } = await listSteps(db, { run: id, pageSize: FIRST_STEPS, pageToken: '' });
  const message = runMessage(run);
  message.steps = steps;
  message.nextStepsPageToken = nextPageToken;
  if (run.status === 'queued' && (await isFull(db, maxOfTenant))) {
    message.warnings.push(
      `It waits: ${maxOfTenant} runs of the organization are running, as many as it may have at a time ` +
        '(ORG_MAX_CONCURRENT_RUNS). It goes on when one of them ends.',
    );
  }
  return message;
}

/** Counts no further than the limit, in the index of what has not succeeded. */
async function isFull(db: TenantDatabase, maxOfTenant: number): Promise<boolean> {
  const where = { status: 'running', claimableAt: { gt: new Date() } };
  return (await db.run.count({ where, take: maxOfTenant })) >= maxOfTenant;
}

/** The action is not possible in the run's current status. */
export function wrongState(run: Pick<Run, 'id' | 'status'>, what: string): AppError {
  return new AppError('failed_precondition', 'run_state_wrong', `Run ${run.id} is ${run.status}: ${what}`);
}
