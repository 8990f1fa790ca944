import { parseReference } from '../crud/reference.ts';
import type { Problems } from '../crud/problems.ts';
import type { Tenant } from '../tenant.ts';
import { skills } from '../skills/skill.ts';

/** The ids of skills given by name or id, in the order given. What is wrong with them is added to `problems`. */
export async function resolveSkills(
  tenant: Tenant,
  references: readonly string[],
  problems: Problems,
): Promise<string[]> {
  const keys = references.map((reference) => parseReference(skills, reference)).filter((key) => key !== undefined);
  const rows = await tenant.skill.findMany({ where: { OR: keys }, select: { id: true, name: true } });
  const ids = new Set<string>();
  for (const [index, reference] of references.entries()) {
    const row = rows.find(({ id, name }) => id === reference || name === reference);
    const field = `agent.skills[${index}]`;
    if (row === undefined) problems.push({ field, description: `there is no skill "${reference}"` });
    else if (ids.has(row.id)) problems.push({ field, description: `names the skill "${row.name}" a second time` });
    else ids.add(row.id);
  }
  return [...ids];
}
