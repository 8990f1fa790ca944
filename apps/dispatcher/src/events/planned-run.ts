import type { Match } from './match-triggers.ts';
import type { Plan } from './plan.ts';

/** What a trigger starts; the same for every event it matches. */
export interface PlannedRun {
  readonly triggerId: string;
  readonly triggerName: string;
  readonly agentId: string;
  readonly agentName: string;
  /** JSON. */
  readonly plan: string;
}

export function plannedRun({ triggerId, triggerName }: Match, plan: Plan): PlannedRun {
  const { id: agentId, name: agentName } = plan.agent;
  return { triggerId, triggerName, agentId, agentName, plan: JSON.stringify(plan) };
}
