import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import {
  DeadLetterService,
  EventService,
  ReplayService,
  RunService,
  type ListEventsRequest,
  type ListRunsRequest,
  type ReplayEventsRequest,
  type RetryRunsRequest,
} from '@agent-platform/proto';
import { userOf, type Routes } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';

type Filters = ListEventsRequest | ListRunsRequest | ReplayEventsRequest | RetryRunsRequest;

/** Stands for the dispatcher behind the forwarder: has one event and one run of tenant org_a. `filters`: what was asked for. */
export function createDispatcherDouble(): { routes: Routes; filters: Filters[] } {
  const filters: Filters[] = [];
  const owned = (call: HandlerContext, id: string, wanted: string) => {
    if (userOf(call).orgId !== 'org_a' || id !== wanted) {
      throw new AppError('not_found', 'not_found', `There is no "${id}".`);
    }
  };
  const events: ServiceImpl<typeof EventService> = {
    getEvent({ event }, call) {
      owned(call, event, 'evt_1');
      return { event: { id: event } };
    },
    getDecision({ event, trigger }, call) {
      owned(call, event, 'evt_1');
      return { decision: { trigger } };
    },
    listEvents(request, call) {
      filters.push(request);
      return { events: userOf(call).orgId === 'org_a' ? [{ id: 'evt_1' }] : [] };
    },
    replayEvent({ event, replayId }, call) {
      owned(call, event, 'evt_1');
      return { replayId };
    },
    replayEvents(request, call) {
      filters.push(request);
      return { replayId: request.replayId, eventCount: userOf(call).orgId === 'org_a' ? 1 : 0 };
    },
  };
  const runs: ServiceImpl<typeof RunService> = {
    getRun({ run }, call) {
      owned(call, run, 'run_1');
      return { run: { id: run, output: userOf(call).subject } };
    },
    listSteps({ run }, call) {
      owned(call, run, 'run_1');
      return { steps: [{ number: 1 }] };
    },
    listRuns(request, call) {
      filters.push(request);
      return { runs: userOf(call).orgId === 'org_a' ? [{ id: 'run_1' }] : [] };
    },
    resolveRun({ run }, call) {
      owned(call, run, 'run_1');
      return { run: { id: run } };
    },
    cancelRun({ run }, call) {
      owned(call, run, 'run_1');
      return { run: { id: run } };
    },
    retryRun({ run }, call) {
      owned(call, run, 'run_1');
      return { run: { id: 'run_2', retryOf: run } };
    },
    retryRuns(request, call) {
      filters.push(request);
      return { replayId: request.replayId, runCount: userOf(call).orgId === 'org_a' ? 1 : 0 };
    },
  };
  const replays: ServiceImpl<typeof ReplayService> = {
    getReplay({ replay }, call) {
      owned(call, replay, 'replay-1');
      return { replay: { id: replay } };
    },
    listReplays: (_, call) => ({ replays: userOf(call).orgId === 'org_a' ? [{ id: 'replay-1' }] : [] }),
    cancelReplay({ replay }, call) {
      owned(call, replay, 'replay-1');
      return { replay: { id: replay } };
    },
  };
  const deadLetters: ServiceImpl<typeof DeadLetterService> = {
    listDeadLetters: (_, call) => ({ deadLetters: userOf(call).orgId === 'org_a' ? [{ id: 'dlt_1' }] : [] }),
    redriveDeadLetter({ deadLetter }, call) {
      owned(call, deadLetter, 'dlt_1');
      return { deadLetter: { id: deadLetter } };
    },
  };
  return {
    filters,
    routes: (router) =>
      void router
        .service(EventService, events)
        .service(RunService, runs)
        .service(ReplayService, replays)
        .service(DeadLetterService, deadLetters),
  };
}
