import {
  ProblemSchema,
  ResolutionOutcome,
  RunSchema,
  RunStatus,
  RunSummarySchema,
  StepKind,
  StepStatus,
  type StepSchema,
} from '@agent-platform/proto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Run as RunRow, Step as StepRow } from '../generated/prisma/client.ts';
import type { Resolution } from '../runs/resolution.ts';
import { idempotencyKey } from '../runs/run.ts';

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

const stepKinds: Readonly<Record<string, StepKind>> = {
  tools_list: StepKind.TOOLS_LIST,
  tool_call: StepKind.TOOL_CALL,
  model_turn: StepKind.MODEL_TURN,
};

const stepStatuses: Readonly<Record<string, StepStatus>> = {
  started: StepStatus.STARTED,
  succeeded: StepStatus.SUCCEEDED,
  failed: StepStatus.FAILED,
};

/** What the API answers of a run; the plan is for workers. */
export type ListedRun = Omit<RunRow, 'planHash' | 'orgId' | 'traceparent' | 'epoch'>;

export function runSummary(run: ListedRun) {
  return create(RunSummarySchema, fieldsOf(run));
}

export function runMessage(run: ListedRun, steps: readonly StepRow[]) {
  return create(RunSchema, { ...fieldsOf(run), steps: stepMessages(steps) });
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
    resolutions: (JSON.parse(run.resolutions) as Resolution[]).map(resolutionMessage),
    ...timesOf({ cancelRequestedAt: run.cancelRequestedAt }),
    cancelRequestedBy: run.cancelRequestedBy ?? '',
  };
}

function resolutionMessage({ outcome, note, by, at, step, error }: Resolution) {
  const resolvedAt = timestampFromDate(new Date(at));
  return { outcome: resolutionOutcomes[outcome], note, resolvedBy: by, resolvedAt, step, error };
}

function stepMessages(steps: readonly StepRow[]) {
  const attempts = new Map<string, number>();
  return steps.map((step) => {
    const attempt = (attempts.get(step.position) ?? 0) + 1;
    attempts.set(step.position, attempt);
    return stepMessage(step, attempt);
  });
}

function stepMessage(step: StepRow, attempt: number): MessageInitShape<typeof StepSchema> {
  return {
    attempt,
    ...(step.kind === 'tool_call' && { idempotencyKey: idempotencyKey(step.runId, step.position) }),
    number: step.number,
    kind: stepKinds[step.kind]!,
    status: stepStatuses[step.status]!,
    skill: step.skill ?? '',
    tool: step.tool ?? '',
    arguments: step.arguments ?? '',
    result: step.result ?? '',
    ...problemOf(step),
    ...timesOf({ startedAt: step.startedAt, finishedAt: step.finishedAt }),
  };
}

function problemOf({ errorCode, errorMessage }: { errorCode: string | null; errorMessage: string | null }) {
  return errorCode === null ? {} : { error: create(ProblemSchema, { code: errorCode, message: errorMessage ?? '' }) };
}

function timesOf<K extends string>(times: Record<K, Date | null>) {
  const set = Object.entries<Date | null>(times).filter((entry): entry is [K, Date] => entry[1] !== null);
  return Object.fromEntries(set.map(([name, date]) => [name, timestampFromDate(date)])) as {
    [name in K]?: ReturnType<typeof timestampFromDate>;
  };
}

/** As it is stored. */
export function nameOf<N extends string>(names: Readonly<Record<N, RunStatus | ResolutionOutcome>>, value: number) {
  return (Object.keys(names) as N[]).find((name) => names[name] === value);
}
