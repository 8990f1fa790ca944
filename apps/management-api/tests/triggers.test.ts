import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentService, SkillService, TriggerService, TriggerType, type TriggerSchema } from '@agent-platform/proto';
import { createFixture, type Fixture } from './fixture.ts';
import { fresh, makeAgent, makeSkill, makeSource } from './resources.ts';

let fixture: Fixture;
let base: { eventType: string; webhookSource: string; agentId: string };
let agentName: string;
const orgId = 'org_a';

beforeAll(async () => {
  fixture = await createFixture();
  const source = await makeSource(fixture, orgId, fresh('source'));
  const agent = await makeAgent(fixture, orgId, fresh('agent'));
  agentName = agent.name;
  base = { eventType: 'invoice.uploaded', webhookSource: source.id, agentId: agent.name };
});
afterAll(() => fixture[Symbol.asyncDispose]());

type Action = NonNullable<Exclude<MessageInitShape<typeof TriggerSchema>['action'], { case?: undefined }>>;
const prompt = (value: string): Action => ({ case: 'promptTemplate', value });
const toolCall = (args: object | string): Action => ({
  case: 'toolCall',
  value: { tool: 'store', arguments: typeof args === 'string' ? args : JSON.stringify(args) },
});
const triggers = () => fixture.as(orgId, TriggerService);
const make = async (action: Action) =>
  (await triggers().createTrigger({ trigger: { ...base, name: fresh('trigger'), action } })).trigger!;

describe('a trigger', () => {
  it('takes references by id or name, and answers the source by name and the agent by id', async () => {
    const trigger = await make(prompt('x'));
    expect(trigger.type).toBe(TriggerType.WEBHOOK);
    expect(trigger.webhookSource).toMatch(/^source-/);
    expect(trigger.agentId).toMatch(/^agt_/);
    const answered = { webhookSource: trigger.webhookSource, agentId: trigger.agentId };
    const again = { ...base, ...answered, name: fresh('trigger'), action: prompt('x') };
    expect((await triggers().createTrigger({ trigger: again })).trigger).toMatchObject(answered);
  });

  it.each(['repo:push', 'orders/create', 'v2.core.account[requirements].updated', 'a(b)@c+d=e~f', 'a'.repeat(255)])(
    'listens to whatever type an event can have: %s',
    async (eventType) => {
      const trigger = { ...base, eventType, name: fresh('trigger'), action: prompt('x') };
      expect((await triggers().createTrigger({ trigger })).trigger!.eventType).toBe(eventType);
    },
  );

  it.each(['a b', 'a\n', 'é', 'a*', 'a'.repeat(256)])(
    'listens to nothing that no event can be: %j',
    async (eventType) => {
      const trigger = { ...base, eventType, name: fresh('trigger'), action: prompt('x') };
      await expect(triggers().createTrigger({ trigger })).rejects.toMatchObject({
        fields: [{ field: 'trigger.event_type', description: expect.stringContaining('1-255 characters') as string }],
      });
    },
  );

  it('keeps the arguments of its tool as they are', async () => {
    const text = String.raw`{"z":"{{ .payload.id }}", "a":{"list":[1.0,null,"x",{"deep":12345678901234567890}]},"ä \"ö\"":"\u0000 is fine here"}`;
    const trigger = await make(toolCall(text));
    const { trigger: read } = await triggers().getTrigger({ trigger: trigger.id });
    expect(read!.action.value).toMatchObject({ tool: 'store', arguments: text });
  });

  it.each(['name', 'id'] as const)('follows the skill of its tool, named by %s, to a new name', async (by) => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill') });
    const agent = await makeAgent(fixture, orgId, fresh('agent'), [skill.id]);
    const create = (tool: string) =>
      triggers().createTrigger({
        trigger: {
          ...base,
          agentId: agent.id,
          name: fresh('trigger'),
          action: { case: 'toolCall', value: { tool, skillId: 'skl_other' } },
        },
      });
    const { trigger } = await create(`${skill[by]}/files/echo`);
    expect(trigger!.action.value).toMatchObject({ tool: `${skill.name}/files/echo`, skillId: skill.id });
    const name = fresh('renamed');
    await fixture.as(orgId, SkillService).updateSkill({ skill: { id: skill.id, name } });
    const { trigger: read } = await triggers().getTrigger({ trigger: trigger!.id });
    expect(read!.action.value).toMatchObject({ tool: `${name}/files/echo`, skillId: skill.id });
    const written = await triggers().updateTrigger({ trigger: { ...read!, description: 'written back' } });
    expect(written.trigger!.action).toEqual(read!.action);
    expect((await create('files/echo')).trigger!.action.value).toMatchObject({ tool: 'files/echo', skillId: '' });

    await fixture.as(orgId, AgentService).updateAgent({ agent: { id: agent.id }, updateMask: { paths: ['skills'] } });
    await expect(fixture.as(orgId, SkillService).deleteSkill({ skill: skill.id })).rejects.toMatchObject({
      code: 'skill_in_use',
      message: expect.stringContaining(trigger!.name) as string,
    });
  });

  it.each(['[1]', '{"a":', 'null'])('needs arguments that are a JSON object: %s', async (text) => {
    await expect(make(toolCall(text))).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: 'trigger.tool_call.arguments', description: expect.stringContaining('JSON object') as string }],
    });
  });

  it('changes from one action to the other, and is never left without', async () => {
    const trigger = await make(toolCall({ id: 1 }));
    const update = (action: Action | { case: undefined }, ...paths: string[]) =>
      triggers().updateTrigger({ trigger: { id: trigger.id, action }, updateMask: { paths } });
    const prompted = await update(prompt('Do {{ .payload.id }}'), 'prompt_template');
    expect(prompted.trigger!.action).toEqual(prompt('Do {{ .payload.id }}'));
    const both = await update(toolCall({}), 'prompt_template', 'tool_call');
    expect(both.trigger!.action).toMatchObject({ case: 'toolCall', value: { tool: 'store', arguments: '{}' } });
    await expect(update({ case: undefined }, 'tool_call')).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: 'trigger', description: 'needs an action: set prompt_template or tool_call' }],
    });
  });

  it.each([
    ['trigger.prompt_template', prompt('line one\n{{ .payload.id ')],
    ['trigger.prompt_template', prompt('{{ nonsense . }}')],
    ['trigger.tool_call.arguments', toolCall({ ok: 'x', list: ['{{ if }}'] })],
  ])('is refused with the position when %s does not parse', async (field, action) => {
    await expect(make(action)).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field, description: expect.stringMatching(/line \d|column \d|\d+:\d+/) as string }],
    });
  });

  it('names every reference that leads nowhere, beside what else is wrong', async () => {
    const trigger = { ...base, name: '', webhookSource: 'nowhere', agentId: 'agt_nobody', action: prompt('{{') };
    const error = await triggers()
      .createTrigger({ trigger })
      .catch((thrown) => thrown as { fields: { field: string; description: string }[] });
    expect((error as { fields: unknown }).fields).toMatchObject([
      { field: 'trigger.name', description: 'is required' },
      { field: 'trigger.prompt_template' },
      { field: 'trigger.webhook_source', description: 'there is no webhook source "nowhere"' },
      { field: 'trigger.agent_id', description: 'there is no agent "agt_nobody"' },
    ]);
  });

  it('keeps its agent from being deleted', async () => {
    const trigger = await make(prompt('x'));
    await expect(fixture.as(orgId, AgentService).deleteAgent({ agent: agentName })).rejects.toMatchObject({
      kind: 'failed_precondition',
      code: 'agent_in_use',
      message: expect.stringContaining(`"${trigger.name}"`) as string,
    });
  });
});

describe('the skills of an agent', () => {
  const agents = () => fixture.as(orgId, AgentService);

  it('are answered as names, in the order given', async () => {
    const [one, two, three] = await Promise.all(
      ['c', 'a', 'b'].map((name) => makeSkill(fixture, orgId, { name: fresh(name) })),
    );
    const agent = await makeAgent(fixture, orgId, fresh('agent'), [two!.id, one!.name, three!.id]);
    expect(agent.skills).toEqual([two!.name, one!.name, three!.name]);
    const reordered = { id: agent.id, skills: [three!.name, two!.name] };
    const { agent: updated } = await agents().updateAgent({ agent: reordered, updateMask: { paths: ['skills'] } });
    expect(updated!.skills).toEqual([three!.name, two!.name]);
    expect((await agents().getAgent({ agent: agent.id })).agent!.skills).toEqual([three!.name, two!.name]);
  });

  it('are each named once', async () => {
    const skill = await makeSkill(fixture, orgId, { name: fresh('skill') });
    await expect(makeAgent(fixture, orgId, fresh('agent'), [skill.id, skill.name])).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [{ field: 'agent.skills[1]', description: `names the skill "${skill.name}" a second time` }],
    });
  });
});
