import type { Pool, PoolClient } from '@agent-platform/database';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import type { Decision } from '../events/decision.ts';
import { findReplays } from '../store/replays/find-replays.ts';
import { matchesOf, plannedOf, triggerIdOf } from './matches.ts';
import { refuseTooMany } from './limits.ts';
import { startReplay } from './start-replay.ts';
import { startRuns } from './start-runs.ts';
import type { EventKind } from '../store/rows/event.ts';
import type { AskedReplay } from '../store/rows/replay.ts';

export interface ReplayDeps {
  readonly pool: Pool;
  readonly configurations: ConfigurationCache;
  /** Called after runs were committed. */
  readonly wake: () => void;
}

/**
 * Starts what the triggers of now start for an event, once per replay, and says why.
 *
 * @param trigger - id or name; empty: any.
 * @throws AppError `trigger_not_found`, `replay_too_large`, `replay_id_taken`
 */
export async function replayEvent(
  { pool, configurations, wake }: ReplayDeps,
  asked: AskedReplay,
  { event, trigger }: { readonly event: EventKind & { readonly id: string }; readonly trigger: string },
): Promise<Decision[]> {
  const { orgId, id: replayId } = asked;
  const configuration = await configurations.current(orgId);
  const matches = matchesOf(configuration, event, trigger && triggerIdOf(configuration, trigger));
  const { startedCount } = await startReplay(pool, asked, async () => {
    const planned = plannedOf(matches);
    const counts = { eventCount: 1, runCount: planned.length };
    refuseTooMany(counts);
    const firstBatch = async (client: PoolClient) => {
      return { started: await startRuns(client, asked, [{ eventId: event.id, planned }]), position: null };
    };
    return { ...counts, scope: null, position: null, firstBatch };
  });
  if (startedCount > 0) wake();
  const started = await findReplays(pool, { orgId, replayId, eventId: event.id });
  return matches.map(({ triggerId, triggerName, reason, planned }) => {
    const decision = { trigger_id: triggerId, trigger: triggerName, matched: planned !== undefined, reason };
    const runId = started.get(triggerId);
    return runId ? { ...decision, run_id: runId } : decision;
  });
}
