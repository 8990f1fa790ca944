import { describe, expect, it } from 'vitest';
import { nameTools } from './model-tools.ts';
import type { OfferedTool } from '../tools/skill-server.ts';

const offered = (skill: string, name: string): OfferedTool => ({
  skill: { id: `skl_${skill}`, name: skill, url: '', readOnly: false, requiresApproval: false },
  tool: { name, inputSchema: {}, annotations: {} },
  repeatable: false,
});

describe('the names tools have for the model', () => {
  it('are their own where that is clear, else with the skill in front', () => {
    const named = nameTools([offered('files', 'save'), offered('crm', 'save'), offered('crm', 'find')]);
    expect([...named.keys()]).toEqual(['files__save', 'crm__save', 'find']);
    expect(named.get('crm__save')!.skill.name).toBe('crm');
  });

  it('are such that providers take them, all different, and the same every time', () => {
    const long = 'x'.repeat(100);
    const tools = [offered('a', 'do it'), offered('a', 'do/it'), offered('a', long), offered('b', `${long}y`)];
    const names = [...nameTools(tools).keys()];
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect([...nameTools(tools).keys()]).toEqual(names);
  });
});
