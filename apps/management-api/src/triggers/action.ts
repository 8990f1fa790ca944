import type { JsonObject } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { parseArguments, parseTemplate } from '@agent-platform/template';
import { ToolCallSchema, type Trigger } from '@agent-platform/proto';
import { AppError } from '@agent-platform/service';
import type { Problems } from '../crud/problems.ts';

/** A trigger's action as it is stored: `promptTemplate`, or `tool` and `toolArguments`. */
export interface ActionColumns {
  readonly promptTemplate: string | null;
  readonly tool: string | null;
  readonly toolArguments: string | null;
}

export function actionOf({ promptTemplate, tool, toolArguments }: ActionColumns): Trigger['action'] {
  if (promptTemplate !== null) return { case: 'promptTemplate', value: promptTemplate };
  const parsed = JSON.parse(toolArguments!) as JsonObject;
  return { case: 'toolCall', value: create(ToolCallSchema, { tool: tool!, arguments: parsed }) };
}

export function actionColumns(action: Trigger['action']): ActionColumns {
  if (action.case !== 'toolCall') return { promptTemplate: action.value ?? null, tool: null, toolArguments: null };
  const { tool, arguments: values = {} } = action.value;
  return { promptTemplate: null, tool, toolArguments: JSON.stringify(values) };
}

/** A template that does not parse is refused here, so that no event finds out. */
export function checkAction(action: Trigger['action']): Problems {
  switch (action.case) {
    case 'promptTemplate':
      return templateProblems('trigger.prompt_template', () => parseTemplate(action.value));
    case 'toolCall':
      return templateProblems('trigger.tool_call.arguments', () => parseArguments(action.value.arguments ?? {}));
    case undefined:
      return [{ field: 'trigger', description: 'needs an action: set prompt_template or tool_call' }];
  }
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
