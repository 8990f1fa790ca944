import { StepKind, StepSchema, StepStatus } from '@agent-platform/proto';
import { create } from '@bufbuild/protobuf';
import type { Step } from '../generated/prisma/client.ts';
import { idempotencyKey } from '../execution/run.ts';
import { problemOf, timesOf } from './run-messages.ts';

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

/** @param attempt - at its position, from 1. */
export function stepMessage(step: Step, attempt: number) {
  return create(StepSchema, {
    attempt,
    ...(step.kind === 'tool_call' && { idempotencyKey: idempotencyKey(step.runId, step.position) }),
    number: step.number,
    kind: stepKinds[step.kind]!,
    status: stepStatuses[step.status]!,
    skill: step.skill ?? '',
    tool: step.tool ?? '',
    arguments: step.arguments ?? '',
    result: step.result ?? '',
    ...(step.resultBytes !== null && { resultCut: cutOf(step.resultBytes, step.resultSha256!) }),
    ...problemOf(step),
    ...timesOf({ startedAt: step.startedAt, finishedAt: step.finishedAt }),
  });
}

function cutOf(sizeBytes: number, sha256: Uint8Array) {
  return { sizeBytes, sha256: Buffer.from(sha256).toString('hex') };
}
