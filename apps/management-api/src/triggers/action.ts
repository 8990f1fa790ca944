import { create } from '@bufbuild/protobuf';
import { parseArguments, parseTemplate } from '@agent-platform/template';
import { ToolCallSchema, type Trigger } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { parseExact, type JsonValue } from '@agent-platform/json';
import type { Problems } from '../crud/problems.ts';

/** A trigger's action as it is stored: `promptTemplate`, or `tool` and `toolArguments`. */
export interface ActionColumns {
  readonly promptTemplate: string | null;
  readonly tool: string | null;
  readonly toolSkillId: string | null;
  readonly toolArguments: string | null;
}

/** A skill of the agent that acts. */
export interface AgentSkill {
  readonly skillId: string;
  readonly skill: { readonly name: string };
}

/** @param skill - the one of `toolSkillId`, as it is called now; null: the tool is named without it. */
export function actionOf(
  { promptTemplate, tool, toolSkillId, toolArguments }: ActionColumns,
  skill: { readonly name: string } | null,
): Trigger['action'] {
  if (promptTemplate !== null) return { case: 'promptTemplate', value: promptTemplate };
  const named = skill === null ? tool! : `${skill.name}/${tool}`;
  const value = create(ToolCallSchema, { tool: named, skillId: toolSkillId ?? '', arguments: toolArguments! });
  return { case: 'toolCall', value };
}

export function actionColumns(action: Trigger['action'], skills: readonly AgentSkill[]): ActionColumns {
  if (action.case !== 'toolCall') {
    return { promptTemplate: action.value ?? null, tool: null, toolSkillId: null, toolArguments: null };
  }
  const { tool, arguments: values } = action.value;
  return { promptTemplate: null, ...toolColumns(tool, skills), toolArguments: values || '{}' };
}

/** Tools may have slashes in their names: only what precedes the first one can be a skill, and only one of the agent's. */
function toolColumns(reference: string, skills: readonly AgentSkill[]): Pick<ActionColumns, 'tool' | 'toolSkillId'> {
  const slash = reference.indexOf('/');
  const prefix = reference.slice(0, Math.max(slash, 0));
  const named = skills.find(({ skillId, skill }) => skillId === prefix || skill.name === prefix);
  if (named === undefined) return { tool: reference, toolSkillId: null };
  return { tool: reference.slice(slash + 1), toolSkillId: named.skillId };
}

/** A template that does not parse is refused here, so that no event finds out. */
export function checkAction(action: Trigger['action']): Problems {
  switch (action.case) {
    case 'promptTemplate':
      return templateProblems('trigger.prompt_template', () => parseTemplate(action.value));
    case 'toolCall':
      return argumentProblems(action.value.arguments || '{}');
    case undefined:
      return [{ field: 'trigger', description: 'needs an action: set prompt_template or tool_call' }];
  }
}

function argumentProblems(text: string): Problems {
  const field = 'trigger.tool_call.arguments';
  let json: JsonValue;
  try {
    json = parseExact(text);
  } catch {
    return [{ field, description: 'must be a JSON object' }];
  }
  return templateProblems(field, () => parseArguments(json));
}

function templateProblems(field: string, parse: () => unknown): Problems {
  try {
    parse();
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [{ field, description: error.message }];
  }
}
