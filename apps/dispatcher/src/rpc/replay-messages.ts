import {
  ProblemSchema,
  ReplayEventRequestSchema,
  ReplayEventsRequestSchema,
  ReplaySchema,
  ReplayState,
  RetryRunRequestSchema,
  RetryRunsRequestSchema,
  type ReplayEventRequest,
  type ReplayEventsRequest,
  type RetryRunRequest,
  type RetryRunsRequest,
} from '@agent-platform/proto';
import { create, fromJsonString, toJsonString, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Replay } from '../store/rows/replay.ts';

/** As stored, and as the API spells it. */
export const replayStates = {
  running: ReplayState.RUNNING,
  succeeded: ReplayState.SUCCEEDED,
  cancelled: ReplayState.CANCELLED,
} as const;

export const askedEvent = (request: ReplayEventRequest) =>
  toJsonString(ReplayEventRequestSchema, { ...request, replayId: '' });

export const askedEvents = (request: ReplayEventsRequest) =>
  toJsonString(ReplayEventsRequestSchema, { ...request, replayId: '' });

export const askedRetry = (request: RetryRunRequest) =>
  toJsonString(RetryRunRequestSchema, { ...request, replayId: '' });

export const askedRetries = (request: RetryRunsRequest) =>
  toJsonString(RetryRunsRequestSchema, { ...request, replayId: '' });

export function replayMessage(replay: Omit<Replay, 'orgId' | 'kind' | 'state'> & { kind: string; state: string }) {
  return create(ReplaySchema, {
    id: replay.id,
    state: replayStates[replay.state as Replay['state']],
    request: requestOf(replay.kind as Replay['kind'], replay.request),
    eventCount: replay.eventCount,
    runCount: replay.runCount,
    startedCount: replay.startedCount,
    ...(replay.errorCode !== null && {
      error: create(ProblemSchema, { code: replay.errorCode, message: replay.errorMessage ?? '' }),
    }),
    requestedBy: replay.requestedBy,
    createdAt: timestampFromDate(replay.createdAt),
    ...(replay.finishedAt && { finishedAt: timestampFromDate(replay.finishedAt) }),
  });
}

function requestOf(kind: Replay['kind'], request: string) {
  // Of a newer version there may be more of it.
  const read = <D extends DescMessage>(schema: D): MessageShape<D> =>
    fromJsonString(schema, request, { ignoreUnknownFields: true });
  switch (kind) {
    case 'event':
      return { case: 'event', value: read(ReplayEventRequestSchema) } as const;
    case 'events':
      return { case: 'events', value: read(ReplayEventsRequestSchema) } as const;
    case 'retry_run':
      return { case: 'retryRun', value: read(RetryRunRequestSchema) } as const;
    case 'retry_runs':
      return { case: 'retryRuns', value: read(RetryRunsRequestSchema) } as const;
  }
}
