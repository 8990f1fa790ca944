import type { Configuration, SkillConfiguration, TriggerConfiguration } from '@agent-platform/proto';
import { parseExact, type JsonObject } from '@agent-platform/service';

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
}

/** @returns the plan, or why there is none. */
export function planOf(configuration: Configuration, trigger: TriggerConfiguration): Plan | { problem: string } {
  const action = actionOf(trigger);
  if (!action) return { problem: 'has neither prompt_template nor tool_call: give it one of them' };
  const agent = configuration.agents.find(({ id }) => id === trigger.agentId);
  if (!agent) return { problem: `its agent ${trigger.agentId} does not exist: give it another one` };
  const { id, name, instructions, model } = agent;
  return {
    trigger: { id: trigger.id, name: trigger.name, sourceName: trigger.sourceName, autoApprove: trigger.autoApprove },
    agent: { id, name, instructions, model },
    skills: configuration.skills.filter((skill) => agent.skillIds.includes(skill.id)).map(plannedSkill),
    action,
  };
}

function actionOf({ action }: TriggerConfiguration): Action | undefined {
  switch (action.case) {
    case 'promptTemplate':
      return { kind: 'prompt', template: action.value };
    case 'toolCall':
      return {
        kind: 'tool_call',
        tool: action.value.tool,
        skillId: action.value.skillId,
        arguments: parseExact(action.value.arguments || '{}') as JsonObject,
      };
    case undefined:
      return undefined;
  }
}

function plannedSkill(skill: SkillConfiguration): PlannedSkill {
  const { id, name, mcpServerUrl, readOnly, requiresApproval, credentialVersion } = skill;
  return { id, name, url: mcpServerUrl, readOnly, requiresApproval, credentialVersion };
}
