import type { Action } from '../events/plan.ts';
import type { Execution } from '../execution/execution.ts';
import { offeredTools, type OfferedTool } from './skill-server.ts';
import { failed } from '../execution/stop.ts';

const MAX_SHOWN = 30;

type Reference = Pick<Action & { kind: 'tool_call' }, 'tool' | 'skillId'>;

/**
 * The tool a trigger names, among those of the agent's skills: by its name, or as "skill/tool".
 *
 * @throws RunStop `tool_not_found`, `tool_ambiguous`, `agent_has_no_skills`
 */
export async function findTool(x: Execution, { tool: reference, skillId }: Reference): Promise<OfferedTool> {
  const { agent, skills, trigger } = x.run.plan;
  if (skills.length === 0) {
    throw failed('agent_has_no_skills', `Agent ${agent.name} has no skill to call ${reference} with: give it one.`);
  }
  // With the skill named, the servers of the others need not even be up.
  const named = skills.filter(({ id, name }) => (skillId ? id === skillId : reference.startsWith(`${name}/`)));
  const offered = await offeredTools(x, named.length > 0 ? named : skills);
  const bound = reference.slice(reference.indexOf('/') + 1);
  const fits = offered.filter(({ skill, tool }) =>
    skillId
      ? skill.id === skillId && tool.name === bound
      : tool.name === reference || `${skill.name}/${tool.name}` === reference,
  );
  if (fits.length === 1) return fits[0]!;
  const names = (fits.length > 0 ? fits : offered).map(({ skill, tool }) => `${skill.name}/${tool.name}`);
  const list = names.slice(0, MAX_SHOWN).join(', ') + (names.length > MAX_SHOWN ? ', …' : '');
  if (fits.length > 1) {
    throw failed(
      'tool_ambiguous',
      `Trigger ${trigger.name} names ${reference}, which is several tools: write one of ${list}.`,
    );
  }
  throw failed(
    'tool_not_found',
    `Trigger ${trigger.name} names ${reference}, which the skills of agent ${agent.name} do not offer. ` +
      (names.length > 0 ? `They offer ${list}.` : 'They offer no tools at all.'),
  );
}
