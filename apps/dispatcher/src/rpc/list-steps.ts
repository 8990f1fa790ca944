import { StepSchema, type ListStepsRequest } from '@agent-platform/proto';
import { readPage } from '@agent-platform/rpc';
import type { Step } from '../generated/prisma/client.ts';
import { decodePageToken, encodePageToken, invalidPageToken, pageSizeOf } from './page.ts';
import { stepMessage } from './step-messages.ts';
import type { TenantDatabase } from './tenant-database.ts';

/** PostgreSQL's `int`. */
const MAX_INT = 2 ** 31 - 1;

/** In order. */
export async function listSteps(db: TenantDatabase, request: Pick<ListStepsRequest, 'run' | 'pageSize' | 'pageToken'>) {
  const { run: runId, pageSize, pageToken } = request;
  const start = pageToken ? placeOf(pageToken) : 0;
  const attempts = await attemptsUntil(db, runId, start);
  const { messages, last } = await readPage({
    schema: StepSchema,
    size: pageSizeOf(pageSize),
    read: (after: Step | undefined, take) =>
      db.step.findMany({
        where: { runId, number: { gt: after?.number ?? start } },
        orderBy: { number: 'asc' },
        take,
      }),
    toMessage(step) {
      const attempt = (attempts.get(step.position) ?? 0) + 1;
      attempts.set(step.position, attempt);
      return stepMessage(step, attempt);
    },
  });
  return { steps: messages, nextPageToken: last ? encodePageToken([String(last.number)]) : '' };
}

/** @throws AppError `page_token_invalid` */
function placeOf(token: string): number {
  const number = Number(decodePageToken(token, 1)[0]);
  if (!Number.isInteger(number) || Math.abs(number) > MAX_INT) throw invalidPageToken();
  return number;
}

/** How many attempts at each position there were. */
async function attemptsUntil(db: TenantDatabase, runId: string, number: number): Promise<Map<string, number>> {
  if (number === 0) return new Map();
  const where = { runId, number: { lte: number } };
  const counts = await db.step.groupBy({ by: ['position'], where, _count: true });
  return new Map(counts.map(({ position, _count }) => [position, _count]));
}
