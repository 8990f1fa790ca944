import { ProblemSchema, RunSchema, RunStatus, StepKind, StepStatus, type StepSchema } from '@agent-platform/proto';
import { create, fromJson, type JsonObject, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate, ValueSchema } from '@bufbuild/protobuf/wkt';
import type { Run as RunRow, Step as StepRow } from '../generated/prisma/client.ts';

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
export type ListedRun = Omit<RunRow, 'plan' | 'orgId' | 'traceparent' | 'epoch'>;

export function runMessage(run: ListedRun, steps: readonly StepRow[] = []) {
  const waiting = run.status === 'queued' && run.attempts > 0;
  return create(RunSchema, {
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
    output: run.output ?? '',
    ...timesOf({ createdAt: run.createdAt, startedAt: run.startedAt, finishedAt: run.finishedAt }),
    steps: steps.map(stepMessage),
  });
}

function stepMessage(step: StepRow): MessageInitShape<typeof StepSchema> {
  return {
    number: step.number,
    kind: stepKinds[step.kind]!,
    status: stepStatuses[step.status]!,
    skill: step.skill ?? '',
    tool: step.tool ?? '',
    ...(step.arguments !== null && { arguments: JSON.parse(step.arguments) as JsonObject }),
    ...(step.result !== null && { result: fromJson(ValueSchema, JSON.parse(step.result) as JsonObject) }),
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
