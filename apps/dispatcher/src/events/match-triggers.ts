import type { TriggerConfiguration } from '@agent-platform/proto';
import type { Configuration } from '../configuration/configuration.ts';
import type { EventKind } from '../store/rows/event.ts';
import type { PlannedRun } from '../store/rows/plan.ts';

/** What a trigger made of an event. A plan: it starts a run. */
export interface Match {
  readonly triggerId: string;
  readonly triggerName: string;
  readonly reason: string;
  readonly planned?: PlannedRun;
}

/** Decides for the triggers that listen to an event, and says why for a person. Costs what they are, not what there are. */
export function matchTriggers(configuration: Configuration, event: EventKind): Match[] {
  return configuration.listenersTo(event).map((trigger) => decide(configuration, trigger, event));
}

/** The same for one trigger, whether or not it listens. */
export function decide(configuration: Configuration, trigger: TriggerConfiguration, event: EventKind): Match {
  const { id: triggerId, name: triggerName } = trigger;
  const mismatch = mismatchOf(configuration, trigger, event);
  if (mismatch) return { triggerId, triggerName, reason: mismatch };
  if (trigger.paused) return { triggerId, triggerName, reason: 'is paused' };
  const source = configuration.source(event.sourceId);
  if (source?.paused) return { triggerId, triggerName, reason: `its source ${source.name} is paused` };
  const planned = configuration.planned(trigger);
  if ('problem' in planned) return { triggerId, triggerName, reason: planned.problem };
  const reason = `listens to ${trigger.eventType} from ${nameOf(configuration, event.sourceId)}`;
  return { triggerId, triggerName, reason, planned };
}

function mismatchOf(configuration: Configuration, trigger: TriggerConfiguration, event: EventKind): string | undefined {
  const listensTo: string[] = [];
  const eventIs: string[] = [];
  if (trigger.eventType !== event.eventType) {
    listensTo.push(trigger.eventType || 'no event type');
    eventIs.push(event.eventType);
  }
  if (trigger.sourceId !== event.sourceId) {
    listensTo.push(`source ${nameOf(configuration, trigger.sourceId)}`);
    eventIs.push(`from ${nameOf(configuration, event.sourceId)}`);
  }
  if (listensTo.length === 0) return undefined;
  return `listens to ${listensTo.join(' of ')}, the event is ${eventIs.join(' ')}`;
}

/** A source that does not exist any more has no name. */
function nameOf(configuration: Configuration, sourceId: string): string {
  return configuration.source(sourceId)?.name ?? sourceId;
}
