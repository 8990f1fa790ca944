import type { Plan, PlannedSkill } from '../events/plan.ts';
import { failed } from '../execution/stop.ts';

/** @throws RunStop for a tool that somebody would have to approve first. */
export function checkApproval(plan: Plan, skill: PlannedSkill, tool: string): void {
  if (!skill.requiresApproval || plan.trigger.autoApprove) return;
  throw failed(
    'approval_required',
    `${skill.name}/${tool} was not called: skill ${skill.name} requires approval and trigger ${plan.trigger.name} does ` +
      `not approve by itself. Set auto_approve on the trigger, or take requires_approval from the skill.`,
  );
}
