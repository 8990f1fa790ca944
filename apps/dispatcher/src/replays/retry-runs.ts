import type { PoolClient } from '@agent-platform/database';
import type { Configuration } from '../configuration/configuration.ts';
import { countRetries, type RetryKind, type RunRange } from '../store/replays/count-retries.ts';
import { findRetriedRuns } from '../store/replays/find-retried-runs.ts';
import { lockRetries } from '../store/replays/lock-retries.ts';
import { refuseTooManyRetries } from './limits.ts';
import { matchAgain } from './matches.ts';
import type { ReplayDeps } from './replay-event.ts';
import { startRetries, type RetryConfiguration } from './retries.ts';
import { startReplay, type PreparedReplay } from './start-replay.ts';
import type { AskedReplay, Batch, Replay } from '../store/rows/replay.ts';

/** Runs per transaction. */
const BATCH_SIZE = 500;

export interface AskedRetries extends RunRange {
  readonly configuration: RetryConfiguration;
}

/** Why runs that were found are not retried. */
export interface SkippedRuns {
  readonly reason: string;
  readonly runCount: number;
}

/** The runs that were counted, oldest first; how many of them are done is the position. */
interface Scope {
  readonly configuration: RetryConfiguration;
  readonly runIds: readonly string[];
}

/** @throws AppError `replay_too_large`, `replay_id_taken` */
export async function retryRuns(deps: ReplayDeps, asked: AskedReplay, range: AskedRetries): Promise<Replay> {
  const replay = await startReplay(deps.pool, asked, async () => {
    const prepared = await prepare(deps, asked.id, range);
    refuseTooManyRetries(prepared);
    return prepared;
  });
  if (replay.startedCount > 0) deps.wake();
  return replay;
}

export async function countRetriedRuns(
  deps: Pick<ReplayDeps, 'pool' | 'configurations'>,
  range: AskedRetries,
): Promise<{ readonly runCount: number; readonly skipped: readonly SkippedRuns[] }> {
  return prepare(deps, '', range);
}

async function prepare(
  { pool, configurations }: Pick<ReplayDeps, 'pool' | 'configurations'>,
  replayId: string,
  range: AskedRetries,
): Promise<PreparedReplay & { readonly foundCount: number; readonly skipped: SkippedRuns[] }> {
  const { orgId } = range;
  const configuration = range.configuration === 'current' ? await configurations.current(orgId) : undefined;
  const { kinds, eventCount } = await countRetries(pool, range);
  const { runIds, skipped } = choose(kinds, configuration);
  const scope = JSON.stringify({ configuration: range.configuration, runIds } satisfies Scope);
  const work = { scope, position: '0' };
  return {
    foundCount: kinds.reduce((sum, kind) => sum + kind.runIds.length + kind.supersededCount, 0),
    eventCount,
    runCount: runIds.length,
    skipped,
    ...work,
    firstBatch: (client) => retryNextRuns(client, { orgId, id: replayId, ...work }, () => configuration!),
  };
}

/** @param configuration - of now; without it every trigger is as it was. */
function choose(kinds: readonly RetryKind[], configuration: Configuration | undefined) {
  const runIds: string[] = [];
  const counts = new Map<string, number>();
  const skip = (reason: string, count: number) => counts.set(reason, (counts.get(reason) ?? 0) + count);
  for (const kind of kinds) {
    if (kind.supersededCount > 0) skip('a newer run of the same event and trigger is there', kind.supersededCount);
    const match = configuration && matchAgain(configuration, kind);
    if (!match || match.planned) runIds.push(...kind.runIds);
    else if (kind.runIds.length > 0) skip(`trigger ${match.triggerName}: ${match.reason}`, kind.runIds.length);
  }
  const skipped = Array.from(counts, ([reason, runCount]) => ({ reason, runCount }));
  return { runIds: runIds.sort(), skipped };
}

/**
 * Retries the next of the runs that were counted, unless a newer run of the same event and trigger has been started
 * meanwhile.
 *
 * @param configuration - of now; asked for only if it is needed.
 */
export async function retryNextRuns(
  client: PoolClient,
  replay: { readonly orgId: string; readonly id: string; readonly scope: string; readonly position: string },
  configuration: () => Configuration,
): Promise<Batch> {
  const scope = JSON.parse(replay.scope) as Scope;
  const from = Number(replay.position);
  const to = from + BATCH_SIZE;
  await lockRetries(client, replay.orgId);
  const runs = await findRetriedRuns(client, replay.orgId, scope.runIds.slice(from, to));
  const started = await startRetries(client, replay, {
    runs: runs.filter(({ isNewest }) => isNewest),
    configuration: scope.configuration === 'current' ? configuration() : undefined,
  });
  return { started, position: to < scope.runIds.length ? String(to) : null };
}
