import { newId } from '@agent-platform/ids';
import type { Configuration } from '../configuration/configuration.ts';
import type { NewRun } from '../store/runs/insert-runs.ts';
import type { Decision } from './decision.ts';
import { matchTriggers } from './match-triggers.ts';
import type { EventKind } from '../store/rows/event.ts';

/** What becomes of an event. */
export interface Decided {
  /** JSON. Null: not decided yet. */
  readonly decisions: string | null;
  readonly configurationVersion: bigint | null;
  readonly runs: readonly NewRun[];
}

export const UNDECIDED: Decided = { decisions: null, configurationVersion: null, runs: [] };

export interface DecidedEvent extends EventKind {
  readonly id: string;
  readonly orgId: string;
  readonly traceparent: string | null;
}

/** The decisions of the triggers that listen to an event, and the runs they start. */
export function decideOn(configuration: Configuration, event: DecidedEvent): Decided {
  const runs: NewRun[] = [];
  const decisions = matchTriggers(configuration, event).map((match): Decision => {
    const { triggerId, triggerName, reason, planned } = match;
    if (!planned) return { trigger_id: triggerId, trigger: triggerName, matched: false, reason };
    const id = newId('run');
    const { orgId, sourceId, traceparent } = event;
    runs.push({ id, orgId, eventId: event.id, sourceId, traceparent, ...planned });
    return { trigger_id: triggerId, trigger: triggerName, matched: true, reason, run_id: id };
  });
  return { decisions: JSON.stringify(decisions), configurationVersion: configuration.version, runs };
}
