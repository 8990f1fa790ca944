import { createHash } from 'node:crypto';
import type {
  AgentConfiguration,
  RetryPolicy as RetryPolicyMessage,
  SkillConfiguration,
  SourceConfiguration,
  TriggerConfiguration,
} from '@agent-platform/proto';
import { parseExact, type JsonObject } from '@agent-platform/json';
import { durationMs } from '@bufbuild/protobuf/wkt';
import type { RetryPolicy } from '../execution/backoff.ts';
import type { PlannedRun } from '../store/rows/plan.ts';

/** What a run does: trigger action, agent and skills as they were when the event matched. No secrets. */
export interface Plan {
  readonly trigger: {
    readonly id: string;
    readonly name: string;
    readonly sourceName: string;
    readonly autoApprove: boolean;
  };
  readonly agent: {
    readonly id: string;
    readonly name: string;
    readonly instructions: string;
    readonly model: string;
  };
  readonly skills: readonly PlannedSkill[];
  readonly action: Action;
}

export type Action =
  | { readonly kind: 'prompt'; readonly template: string }
  | {
      readonly kind: 'tool_call';
      /** As the trigger names it. With a skill's id, what precedes the first slash is what the skill was called then. */
      readonly tool: string;
      readonly skillId: string;
      readonly arguments: JsonObject;
    };

export interface PlannedSkill {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  /** Its tools change nothing. */
  readonly readOnly: boolean;
  readonly requiresApproval: boolean;
  /** Of its credential, then. Runs from before there were versions have none. */
  readonly credentialVersion?: number;
  /** What the skill says of it; the rest is the default. */
  readonly retry?: Partial<RetryPolicy>;
}

/** What a plan is made of. */
export interface Resources {
  source(id: string): SourceConfiguration | undefined;
  agent(id: string): AgentConfiguration | undefined;
  skill(id: string): SkillConfiguration | undefined;
}

/** A planned run, or why there is none. */
export type Planned = PlannedRun | { readonly problem: string };

export function planRun(resources: Resources, trigger: TriggerConfiguration): Planned {
  const action = actionOf(resources, trigger);
  if (!action) return { problem: 'has neither prompt_template nor tool_call: give it one of them' };
  const agent = resources.agent(trigger.agentId);
  if (!agent) return { problem: `its agent ${trigger.agentId} does not exist: give it another one` };
  const { id, name, autoApprove } = trigger;
  const sourceName = resources.source(trigger.sourceId)?.name ?? trigger.sourceId;
  const skills = agent.skillIds.flatMap((skillId) => resources.skill(skillId) ?? []);
  const plan = JSON.stringify({
    trigger: { id, name, sourceName, autoApprove },
    agent: { id: agent.id, name: agent.name, instructions: agent.instructions, model: agent.model },
    skills: skills.map(plannedSkill),
    action,
  } satisfies Plan);
  const planHash = createHash('sha256').update(plan).digest();
  return { triggerId: id, triggerName: name, agentId: agent.id, agentName: agent.name, plan, planHash };
}

function actionOf(resources: Resources, { action }: TriggerConfiguration): Action | undefined {
  switch (action.case) {
    case 'promptTemplate':
      return { kind: 'prompt', template: action.value };
    case 'toolCall': {
      const { tool, skillId } = action.value;
      const named = skillId ? `${resources.skill(skillId)?.name ?? skillId}/${tool}` : tool;
      const values = parseExact(action.value.arguments || '{}') as JsonObject;
      return { kind: 'tool_call', tool: named, skillId, arguments: values };
    }
    case undefined:
      return undefined;
  }
}

function plannedSkill(skill: SkillConfiguration): PlannedSkill {
  const { id, name, mcpServerUrl, readOnly, requiresApproval, credentialVersion } = skill;
  const retry = skill.retry && { retry: retryOf(skill.retry) };
  return { id, name, url: mcpServerUrl, readOnly, requiresApproval, credentialVersion, ...retry };
}

function retryOf({ maxAttempts, totalTime, initialBackoff, maxBackoff }: RetryPolicyMessage): Partial<RetryPolicy> {
  return {
    ...(maxAttempts > 0 && { maxAttempts }),
    ...(totalTime && { totalMs: durationMs(totalTime) }),
    ...(initialBackoff && { baseMs: durationMs(initialBackoff) }),
    ...(maxBackoff && { maxMs: durationMs(maxBackoff) }),
  };
}
