import type { PoolClient } from '@agent-platform/database';
import type { Configuration } from '../configuration/configuration.ts';
import type { RetriedRun } from '../store/replays/find-retried-runs.ts';
import { matchAgain, plannedOf } from './matches.ts';
import { startRuns, startRunsAsTheyWere } from './start-runs.ts';
import type { ReplayKey } from '../store/rows/replay.ts';

/** What a retry does: what the run did, or what its trigger does now. */
export type RetryConfiguration = 'original' | 'current';

/** @param configuration - of now; without it: as the runs were. @returns how many runs were new. */
export async function startRetries(
  client: PoolClient,
  replay: ReplayKey,
  { runs, configuration }: { readonly runs: readonly RetriedRun[]; readonly configuration: Configuration | undefined },
): Promise<number> {
  if (!configuration) return startRunsAsTheyWere(client, replay, runs);
  const starts = runs.map((run) => ({
    eventId: run.eventId,
    planned: plannedOf([matchAgain(configuration, run)]),
    retryOf: run.id,
  }));
  return startRuns(client, replay, starts);
}
