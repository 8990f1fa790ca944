import { ProblemSchema, ResolutionOutcome, RunSchema, RunStatus, RunSummarySchema } from '@agent-platform/proto';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Run as RunRow } from '../generated/prisma/client.ts';
import type { Resolution } from '../execution/resolution.ts';

/** As stored, and as the API spells it. */
export const runStatuses = {
  queued: RunStatus.QUEUED,
  running: RunStatus.RUNNING,
  awaiting_approval: RunStatus.AWAITING_APPROVAL,
  succeeded: RunStatus.SUCCEEDED,
  failed: RunStatus.FAILED,
  cancelled: RunStatus.CANCELLED,
  outcome_unknown: RunStatus.OUTCOME_UNKNOWN,
} as const;

/** As stored, and as the API spells it. */
export const resolutionOutcomes = {
  succeeded: ResolutionOutcome.SUCCEEDED,
  retry: ResolutionOutcome.RETRY,
  failed: ResolutionOutcome.FAILED,
} as const;

/** What the API answers of a run; the plan is for workers. */
export type ListedRun = Omit<RunRow, 'planHash' | 'orgId' | 'traceparent' | 'epoch'>;

export function runSummary(run: ListedRun) {
  return create(RunSummarySchema, fieldsOf(run));
}

/** Without its steps. */
export function runMessage(run: ListedRun) {
  return create(RunSchema, fieldsOf(run));
}

function fieldsOf(run: ListedRun) {
  const waiting = run.status === 'queued' && run.startedAt !== null;
  return {
    id: run.id,
    eventId: run.eventId,
    triggerId: run.triggerId,
    trigger: run.triggerName,
    agentId: run.agentId,
    agent: run.agentName,
    status: runStatuses[run.status as keyof typeof runStatuses],
    ...problemOf(run),
    warnings: JSON.parse(run.warnings) as string[],
    attempts: run.attempts,
    ...(waiting && { nextAttemptAt: timestampFromDate(run.claimableAt) }),
    ...(waiting && run.attemptsLeft !== null && { attemptsLeft: run.attemptsLeft }),
    ...timesOf({ givesUpAt: waiting ? run.givesUpAt : null }),
    output: run.output ?? '',
    ...timesOf({ createdAt: run.createdAt, startedAt: run.startedAt, finishedAt: run.finishedAt }),
    replayId: run.replayId,
    replayOf: run.replayOf ?? '',
    retryOf: run.retryOf ?? '',
    resolutions: (JSON.parse(run.resolutions) as Resolution[]).map(resolutionMessage),
    ...timesOf({ cancelRequestedAt: run.cancelRequestedAt }),
    cancelRequestedBy: run.cancelRequestedBy ?? '',
  };
}

function resolutionMessage({ outcome, note, by, at, step, error }: Resolution) {
  const resolvedAt = timestampFromDate(new Date(at));
  return { outcome: resolutionOutcomes[outcome], note, resolvedBy: by, resolvedAt, step, error };
}

export function problemOf({ errorCode, errorMessage }: { errorCode: string | null; errorMessage: string | null }) {
  return errorCode === null ? {} : { error: create(ProblemSchema, { code: errorCode, message: errorMessage ?? '' }) };
}

export function timesOf<K extends string>(times: Record<K, Date | null>) {
  const set = Object.entries<Date | null>(times).filter((entry): entry is [K, Date] => entry[1] !== null);
  return Object.fromEntries(set.map(([name, date]) => [name, timestampFromDate(date)])) as {
    [name in K]?: ReturnType<typeof timestampFromDate>;
  };
}

/** As it is stored. */
export function nameOf<N extends string>(names: Readonly<Record<N, number>>, value: number) {
  return (Object.keys(names) as N[]).find((name) => names[name] === value);
}
