import type { PoolClient } from '@agent-platform/database';
import { AppError } from '@agent-platform/errors';
import type { Match } from '../events/match-triggers.ts';
import { findRetriedRuns } from '../store/replays/find-retried-runs.ts';
import { matchAgain } from './matches.ts';
import type { ReplayDeps } from './replay-event.ts';
import { startRetries, type RetryConfiguration } from './retries.ts';
import { startReplay } from './start-replay.ts';
import type { AskedReplay } from '../store/rows/replay.ts';

/**
 * Starts a run that has ended once more, once per replay.
 *
 * @throws AppError `trigger_does_not_match`, `event_deleted`, `plan_deleted`, `replay_id_taken`
 */
export async function retryRun(
  { pool, configurations, wake }: ReplayDeps,
  asked: AskedReplay,
  o: { readonly runId: string; readonly configuration: RetryConfiguration },
): Promise<void> {
  const { orgId } = asked;
  const { runId } = o;
  const { startedCount } = await startReplay(pool, asked, async () => {
    const [run] = await findRetriedRuns(pool, orgId, [runId]);
    if (!run) throw eventDeleted(runId);
    const configuration = o.configuration === 'current' ? await configurations.current(orgId) : undefined;
    if (configuration) refuseMismatch(matchAgain(configuration, run));
    const firstBatch = async (client: PoolClient) => {
      const started = await startRetries(client, asked, { runs: [run], configuration });
      if (started === 0) throw configuration ? eventDeleted(runId) : planDeleted(runId);
      return { started, position: null };
    };
    return { eventCount: 1, runCount: 1, scope: null, position: null, firstBatch };
  });
  if (startedCount > 0) wake();
}

function refuseMismatch({ triggerName, reason, planned }: Match): void {
  if (planned) return;
  const message =
    `The trigger "${triggerName}" starts no run for this event now: ${reason}. ` +
    'Mend that, or ask for the configuration "original" to run what was run before.';
  throw new AppError('failed_precondition', 'trigger_does_not_match', message);
}

/** Retention keeps both as long as the run: somebody else deleted them. */
function eventDeleted(runId: string): AppError {
  const message = `The event of run ${runId} has been deleted, and nothing can be done for it any more: have it sent again.`;
  return new AppError('failed_precondition', 'event_deleted', message);
}

function planDeleted(runId: string): AppError {
  const message = `What run ${runId} did is not stored any more: ask for the configuration "current".`;
  return new AppError('failed_precondition', 'plan_deleted', message);
}
