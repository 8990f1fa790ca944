import type { Pool } from '@agent-platform/database';
import { newId, newTraceparent } from '@agent-platform/service';
import type { EventKind } from '../configuration/configuration.ts';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import { findReplays } from '../store/find-replays.ts';
import { insertReplays, type ReplayRun } from '../store/insert-replays.ts';
import type { Decision } from './decision.ts';
import { matchTriggers } from './match-triggers.ts';
import type { PlannedRun } from './plan.ts';

export interface ReplayDeps {
  readonly pool: Pool;
  readonly configurations: ConfigurationCache;
  /** Called after runs were committed. */
  readonly wake: () => void;
}

export interface ReplayedBy {
  readonly orgId: string;
  readonly replayId: string;
}

/** Starts what the triggers of now start for an event, once per replay id, and says why. */
export async function replayEvent(
  { pool, configurations, wake }: ReplayDeps,
  event: EventKind & { readonly id: string },
  by: ReplayedBy,
): Promise<Decision[]> {
  const matches = matchTriggers(await configurations.current(by.orgId), event);
  const planned = matches.flatMap(({ planned }) => planned ?? []);
  if ((await insertReplays(pool, { ...by, planned, runs: runsOf(event.id, planned) })) > 0) wake();
  const started = await findReplays(pool, { ...by, eventId: event.id });
  return matches.map(({ triggerId, triggerName, reason, planned: plan }) => {
    const decision = { trigger_id: triggerId, trigger: triggerName, matched: plan !== undefined, reason };
    const runId = plan && started.get(triggerId);
    return runId ? { ...decision, run_id: runId } : decision;
  });
}

export function runsOf(eventId: string, planned: readonly PlannedRun[]): ReplayRun[] {
  return planned.map(({ triggerId }) => ({ id: newId('run'), eventId, triggerId, traceparent: newTraceparent() }));
}
