import { AppError } from '@agent-platform/service';
import type { Configuration, EventKind } from '../configuration/configuration.ts';
import { countEvents, MAX_COUNTED, type EventRange } from '../store/count-events.ts';
import { insertReplays } from '../store/insert-replays.ts';
import { listReplayedEvents } from '../store/list-replayed-events.ts';
import { matchTriggers } from './match-triggers.ts';
import type { PlannedRun } from './plan.ts';
import { runsOf, type ReplayDeps } from './replay-event.ts';

/** One request starts no more. Each run calls tools, and stands in the queue before those of new events. */
const MAX_RUNS = 10_000;
/** Events per statement, each of which commits by itself. */
const BATCH_SIZE = 500;

export interface RangeReplay extends EventRange {
  readonly replayId: string;
  /** Id or name; empty: any. */
  readonly trigger: string;
  readonly dryRun: boolean;
  /** Aborted when nobody waits for the answer any more: what is missing is for a request with the same id. */
  readonly signal: AbortSignal;
}

export interface Replayed {
  readonly eventCount: number;
  readonly runCount: number;
  readonly startedCount: number;
}

interface KindOfEvents extends EventKind {
  readonly count: number;
  readonly planned: readonly PlannedRun[];
}

/** @throws AppError `range_invalid`, `trigger_not_found`, `replay_too_large` */
export async function replayEvents(deps: ReplayDeps, range: RangeReplay): Promise<Replayed> {
  if (range.receivedFrom >= range.receivedBefore) {
    const message = 'received_from must be before received_before.';
    const fields = [{ field: 'received_from', description: 'must be before received_before' }];
    throw new AppError('invalid_argument', 'range_invalid', message, { fields });
  }
  const configuration = await deps.configurations.current(range.orgId);
  const triggerId = range.trigger && triggerIdOf(configuration, range.trigger);
  const kinds = (await countEvents(deps.pool, range)).map((kind): KindOfEvents => {
    const matches = matchTriggers(configuration, kind).filter((match) => !triggerId || match.triggerId === triggerId);
    return { ...kind, planned: matches.flatMap(({ planned }) => planned ?? []) };
  });
  const eventCount = kinds.reduce((sum, { count }) => sum + count, 0);
  const runCount = kinds.reduce((sum, { count, planned }) => sum + count * planned.length, 0);
  if (range.dryRun) return { eventCount, runCount, startedCount: 0 };
  if (eventCount >= MAX_COUNTED || runCount > MAX_RUNS) throw tooLarge(eventCount, runCount);
  const matching = kinds.filter(({ planned }) => planned.length > 0);
  const startedCount = await start(deps, range, matching);
  if (startedCount > 0) deps.wake();
  return { eventCount, runCount, startedCount };
}

async function start({ pool }: ReplayDeps, range: RangeReplay, kinds: readonly KindOfEvents[]): Promise<number> {
  const { orgId, replayId, receivedBefore, signal } = range;
  const planned = kinds.flatMap((kind) => kind.planned);
  const byKind = new Map(kinds.map((kind) => [keyOf(kind), kind.planned]));
  let after = { receivedAt: range.receivedFrom, id: '' };
  let started = 0;
  for (;;) {
    signal.throwIfAborted();
    const events = await listReplayedEvents(pool, { orgId, receivedBefore, kinds, after, limit: BATCH_SIZE });
    const runs = events.flatMap((event) => runsOf(event.id, byKind.get(keyOf(event))!));
    started += await insertReplays(pool, { orgId, replayId, planned, runs });
    if (events.length < BATCH_SIZE) return started;
    after = events.at(-1)!;
  }
}

function keyOf({ eventType, sourceId }: EventKind): string {
  return JSON.stringify([eventType, sourceId]);
}

function triggerIdOf(configuration: Configuration, reference: string): string {
  const trigger = configuration.trigger(reference);
  if (trigger) return trigger.id;
  throw new AppError('not_found', 'trigger_not_found', `There is no trigger "${reference}".`);
}

function tooLarge(eventCount: number, runCount: number): AppError {
  const events = eventCount >= MAX_COUNTED ? `${MAX_COUNTED} events or more` : `${eventCount} events`;
  return new AppError(
    'failed_precondition',
    'replay_too_large',
    `The range holds ${events}, which mean ${runCount} runs; one request starts at most ${MAX_RUNS}. ` +
      'Ask for a shorter range, or for one event_type, webhook_source_id or trigger.',
  );
}
