import type { Configuration, TriggerConfiguration } from '@agent-platform/proto';
import { planOf, type Plan } from './plan.ts';

/** What one trigger made of an event. A plan: it matched. */
export interface Match {
  readonly triggerId: string;
  readonly triggerName: string;
  readonly reason: string;
  readonly plan?: Plan;
}

/** Decides for every trigger of a tenant, and says why for a person. */
export function matchTriggers(
  configuration: Configuration,
  event: { readonly eventType: string; readonly sourceId: string },
): Match[] {
  // A source is known by name through any trigger that listens to it.
  const sourceName = configuration.triggers.find(({ sourceId }) => sourceId === event.sourceId)?.sourceName;
  const from = sourceName ?? event.sourceId;
  return configuration.triggers.map((trigger) => {
    const { id: triggerId, name: triggerName } = trigger;
    const mismatch = mismatchOf(trigger, event, from);
    if (mismatch) return { triggerId, triggerName, reason: mismatch };
    const plan = planOf(configuration, trigger);
    if ('problem' in plan) return { triggerId, triggerName, reason: plan.problem };
    return { triggerId, triggerName, reason: `listens to ${trigger.eventType} from ${from}`, plan };
  });
}

function mismatchOf(
  trigger: TriggerConfiguration,
  event: { readonly eventType: string; readonly sourceId: string },
  from: string,
): string | undefined {
  const listensTo: string[] = [];
  const eventIs: string[] = [];
  if (trigger.eventType !== event.eventType) {
    listensTo.push(trigger.eventType || 'no event type');
    eventIs.push(event.eventType);
  }
  if (trigger.sourceId !== event.sourceId) {
    listensTo.push(`source ${trigger.sourceName || 'none'}`);
    eventIs.push(`from ${from}`);
  }
  if (listensTo.length === 0) return undefined;
  return `listens to ${listensTo.join(' of ')}, the event is ${eventIs.join(' ')}`;
}
