import type { PoolClient } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import type { Configuration } from '../configuration/configuration.ts';
import { countEvents, type EventRange } from '../store/events/count-events.ts';
import { listReplayedEvents } from '../store/replays/list-replayed-events.ts';
import { refuseTooMany } from './limits.ts';
import { matchesOf, plannedOf, triggerIdOf } from './matches.ts';
import type { ReplayDeps } from './replay-event.ts';
import { startReplay, type PreparedReplay } from './start-replay.ts';
import { startRuns } from './start-runs.ts';
import type { EventKind } from '../store/rows/event.ts';
import type { AskedReplay, Batch, Replay, ReplayCounts } from '../store/rows/replay.ts';

/** Events per transaction. */
const BATCH_SIZE = 500;

export interface AskedEvents extends EventRange {
  /** Id or name; empty: any. */
  readonly trigger: string;
}

/** Events of a kind, and the triggers that matched it when they were counted: nothing else is started later. */
interface KindScope extends EventKind {
  readonly triggerIds: readonly string[];
}

interface Scope {
  readonly receivedBefore: string;
  readonly kinds: readonly KindScope[];
}

interface Position {
  readonly receivedAt: string;
  readonly id: string;
}

/** @throws AppError `range_invalid`, `trigger_not_found`, `replay_too_large`, `replay_id_taken` */
export async function replayEvents(deps: ReplayDeps, asked: AskedReplay, range: AskedEvents): Promise<Replay> {
  const replay = await startReplay(deps.pool, asked, async () => {
    const prepared = await prepare(deps, asked.id, range);
    refuseTooMany(prepared);
    return prepared;
  });
  if (replay.startedCount > 0) deps.wake();
  return replay;
}

/** @throws AppError `range_invalid`, `trigger_not_found` */
export async function countReplay(
  deps: Pick<ReplayDeps, 'pool' | 'configurations'>,
  range: AskedEvents,
): Promise<ReplayCounts> {
  return prepare(deps, '', range);
}

async function prepare(
  { pool, configurations }: Pick<ReplayDeps, 'pool' | 'configurations'>,
  replayId: string,
  { trigger, ...range }: AskedEvents,
): Promise<PreparedReplay> {
  if (range.receivedFrom >= range.receivedBefore) {
    const message = 'received_from must be before received_before.';
    const fields = [{ field: 'received_from', description: 'must be before received_before' }];
    throw new AppError('invalid_argument', 'range_invalid', message, { fields });
  }
  // Events that are still to come find the configuration of now by themselves.
  const receivedBefore = new Date(Math.min(range.receivedBefore.getTime(), Date.now()));
  const configuration = await configurations.current(range.orgId);
  const triggerId = trigger && triggerIdOf(configuration, trigger);
  const counted = await countEvents(pool, { ...range, receivedBefore });
  const kinds = counted.map((kind) => {
    const planned = plannedOf(matchesOf(configuration, kind, triggerId));
    return { ...kind, triggerIds: planned.map(({ triggerId: id }) => id) };
  });
  const scope: Scope = {
    receivedBefore: receivedBefore.toISOString(),
    kinds: kinds.filter(({ triggerIds }) => triggerIds.length > 0),
  };
  const work = {
    scope: JSON.stringify(scope),
    position: JSON.stringify({ receivedAt: range.receivedFrom.toISOString(), id: '' } satisfies Position),
  };
  return {
    eventCount: kinds.reduce((sum, { count }) => sum + count, 0),
    runCount: kinds.reduce((sum, { count, triggerIds }) => sum + count * triggerIds.length, 0),
    ...work,
    firstBatch: (client) => replayNextEvents(client, { orgId: range.orgId, id: replayId, ...work }, configuration),
  };
}

/** Starts the runs of the next events, oldest first, with the triggers that were counted as they are configured now. */
export async function replayNextEvents(
  client: PoolClient,
  replay: { readonly orgId: string; readonly id: string; readonly scope: string; readonly position: string },
  configuration: Configuration,
): Promise<Batch> {
  const { receivedBefore, kinds } = JSON.parse(replay.scope) as Scope;
  const events = await listReplayedEvents(client, {
    orgId: replay.orgId,
    receivedBefore: new Date(receivedBefore),
    kinds,
    after: JSON.parse(replay.position) as Position,
    limit: BATCH_SIZE,
  });
  const present = new Set(events.map(keyOf));
  const byKind = new Map(
    kinds
      .filter((kind) => present.has(keyOf(kind)))
      .map((kind) => {
        const planned = plannedOf(matchesOf(configuration, kind, ''));
        return [keyOf(kind), planned.filter(({ triggerId }) => kind.triggerIds.includes(triggerId))] as const;
      }),
  );
  const started = await startRuns(
    client,
    replay,
    events.map((event) => ({ eventId: event.id, planned: byKind.get(keyOf(event))! })),
  );
  const last = events.at(-1);
  if (!last || events.length < BATCH_SIZE) return { started, position: null };
  const position: Position = { receivedAt: last.receivedAt.toISOString(), id: last.id };
  return { started, position: JSON.stringify(position) };
}

function keyOf({ eventType, sourceId }: EventKind): string {
  return JSON.stringify([eventType, sourceId]);
}
