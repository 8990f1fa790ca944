import { AppError } from '@agent-platform/errors';
import type { Configuration } from '../configuration/configuration.ts';
import { decide, matchTriggers, type Match } from '../events/match-triggers.ts';
import type { EventKind } from '../store/rows/event.ts';
import type { PlannedRun } from '../store/rows/plan.ts';

/** @param triggerId - only that one, whether or not it listens; empty: all that listen. */
export function matchesOf(configuration: Configuration, kind: EventKind, triggerId: string): Match[] {
  const trigger = configuration.trigger(triggerId);
  return trigger ? [decide(configuration, trigger, kind)] : matchTriggers(configuration, kind);
}

/** Of the trigger that has started a run, as it is configured now. */
export function matchAgain(
  configuration: Configuration,
  run: EventKind & Pick<Match, 'triggerId' | 'triggerName'>,
): Match {
  const { triggerId, triggerName } = run;
  const trigger = configuration.trigger(triggerId);
  return trigger ? decide(configuration, trigger, run) : { triggerId, triggerName, reason: 'does not exist any more' };
}

export function plannedOf(matches: readonly Match[]): PlannedRun[] {
  return matches.flatMap(({ planned }) => planned ?? []);
}

/** @param reference - id or name. @throws AppError `trigger_not_found` */
export function triggerIdOf(configuration: Configuration, reference: string): string {
  const trigger = configuration.trigger(reference);
  if (trigger) return trigger.id;
  throw new AppError('not_found', 'trigger_not_found', `There is no trigger "${reference}".`);
}
