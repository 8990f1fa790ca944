import type { ModelMessage } from 'ai';
import type { Turn } from './models.ts';
import { answerToolCalls } from './answer-tool-calls.ts';
import type { Execution } from '../execution/execution.ts';
import { modelTurn } from './model-turn.ts';
import { nameTools } from './model-tools.ts';
import { render } from '../templates/render.ts';
import { offeredTools } from '../tools/skill-server.ts';
import { failed } from '../execution/stop.ts';
import type { Outcome } from '../store/rows/run.ts';

const MAX_TURNS = 20;

/**
 * The agent's model works on the event with the tools of its skills until it has nothing more to call. The journal
 * holds every turn and every call: what is there already is taken from it, which is all there is to resuming.
 */
export async function runPrompt(x: Execution): Promise<Outcome> {
  checkModel(x);
  // The event's data stands in the user's message and nowhere else: instructions and tools are the tenant's own.
  const messages: ModelMessage[] = [{ role: 'user', content: await render(x) }];
  const named = nameTools(await offeredTools(x, x.run.plan.skills));
  const tools = [...named].map(([name, { tool }]) => {
    const { description, inputSchema } = tool;
    return { name, description, inputSchema };
  });
  for (let number = 1; number <= MAX_TURNS; number++) {
    const turn = await modelTurn(x, number, messages, tools);
    if (turn.calls.length === 0) return conclude(x, turn);
    if (turn.message) messages.push(turn.message);
    messages.push(await answerToolCalls(x, number, turn, named));
  }
  const message = `The agent did not come to an end within ${MAX_TURNS} turns. Give it clearer instructions.`;
  return { status: 'failed', error: { code: 'too_many_turns', message } };
}

function conclude({ journal }: Execution, { finishReason, text }: Turn): Outcome {
  if (finishReason === 'length') journal.warn("the model's answer was cut at its length limit");
  if (finishReason === 'content-filter') {
    const message = "The provider's content filter stopped the model's answer.";
    return { status: 'failed', error: { code: 'model_refused', message } };
  }
  return { status: 'succeeded', output: text };
}

function checkModel({ run, models }: Execution): void {
  const { agent, trigger } = run.plan;
  if (!agent.model) {
    throw failed(
      'agent_has_no_model',
      `Agent ${agent.name} has no model to give the prompt of trigger ${trigger.name} to: set its model, ` +
        `for example anthropic/claude-sonnet-4-5, or let the trigger name a tool_call instead.`,
    );
  }
  const problem = models.problemWith(agent.model);
  if (problem) throw failed('model_not_configured', problem);
}
