import { createHash } from 'node:crypto';
import type { OfferedTool } from '../tools/skill-server.ts';

/** What providers take as a tool's name. */
const MAX_NAME_LENGTH = 64;

/**
 * Names for the model: the tool's own where it is free and allowed, otherwise with the skill in front, otherwise
 * shortened with a hash. The same tools get the same names in every process.
 */
export function nameTools(offered: readonly OfferedTool[]): ReadonlyMap<string, OfferedTool> {
  const byName = Map.groupBy(offered, ({ tool }) => tool.name);
  const named = new Map<string, OfferedTool>();
  for (const entry of offered) {
    const { skill, tool } = entry;
    const unique = byName.get(tool.name)!.length === 1;
    const wanted = (unique ? tool.name : `${skill.name}__${tool.name}`).replace(/[^A-Za-z0-9_-]/g, '_');
    const fits = wanted.length <= MAX_NAME_LENGTH && !named.has(wanted);
    named.set(fits ? wanted : `${wanted.slice(0, MAX_NAME_LENGTH - 9)}_${hash(`${skill.id} ${tool.name}`)}`, entry);
  }
  return named;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
