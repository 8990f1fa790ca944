import { databaseErrorToAppError, transaction, type PoolClient } from '@agent-platform/database';
import { isPassing } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import type { Configuration } from '../configuration/configuration.ts';
import { advanceReplay } from '../store/replays/advance-replay.ts';
import { claimReplay, nextReplay, type ClaimedReplay } from '../store/replays/claim-replay.ts';
import { postponeReplay } from '../store/replays/postpone-replay.ts';
import type { ReplayDeps } from './replay-event.ts';
import { replayNextEvents } from './replay-events.ts';
import { retryNextRuns } from './retry-runs.ts';
import type { Batch } from '../store/rows/replay.ts';

export interface WorkOnReplaysDeps extends ReplayDeps {
  readonly logger: Logger;
}

const POSTPONED_MS = 5_000;

/**
 * One batch of the replay whose turn it is. What goes wrong is shown on the replay, which is tried again until it is
 * cancelled: nothing it was asked for is given up.
 *
 * @returns whether there was one.
 */
export async function workOnNextReplay({ pool, configurations, wake, logger }: WorkOnReplaysDeps): Promise<boolean> {
  const next = await nextReplay(pool);
  if (!next) return false;
  try {
    const configuration = await ifNeeded(configurations.current(next.orgId));
    const started = await transaction(pool, async (client) => {
      const claimed = await claimReplay(client, next);
      if (!claimed) return 0;
      const batch = await nextBatch(client, claimed, configuration);
      await advanceReplay(client, claimed, batch);
      return batch.started;
    });
    if (started > 0) wake();
  } catch (error) {
    const known = databaseErrorToAppError(error);
    const level = isPassing(known) ? 'warn' : 'error';
    logger[level]({ err: error, org_id: next.orgId, replay_id: next.id }, 'a replay does not go on for now');
    await postponeReplay(pool, next, { delayMs: POSTPONED_MS, error: known });
  }
  return true;
}

function nextBatch(client: PoolClient, claimed: ClaimedReplay, configuration: () => Configuration): Promise<Batch> {
  return claimed.kind === 'retry_runs'
    ? retryNextRuns(client, claimed, configuration)
    : replayNextEvents(client, claimed, configuration());
}

/** Throws when it is asked for what has failed: a retry of runs as they were needs no configuration. */
function ifNeeded<T>(promise: Promise<T>): Promise<() => T> {
  return promise.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
}
