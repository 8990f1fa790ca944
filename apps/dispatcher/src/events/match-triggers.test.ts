import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { TriggerConfigurationSchema } from '@agent-platform/proto';
import { ResourceChangeSchema } from '@agent-platform/proto';
import { describe, expect, it } from 'vitest';
import { Configuration } from '../configuration/configuration.ts';
import { decide, matchTriggers } from './match-triggers.ts';
import type { Plan } from './plan.ts';

type Trigger = MessageInitShape<typeof TriggerConfigurationSchema>;
type Change = MessageInitShape<typeof ResourceChangeSchema>;

const listening: Trigger = {
  id: 'trg_1',
  name: 'first',
  eventType: 'invoice.uploaded',
  sourceId: 'src_billing',
  agentId: 'agt_1',
  action: { case: 'promptTemplate', value: 'go' },
};
const event = { eventType: 'invoice.uploaded', sourceId: 'src_billing' };

const triggerChange = (value: Trigger): Change => ({ id: value.id!, resource: { case: 'trigger', value } });
const others: Change[] = [
  { id: 'src_billing', resource: { case: 'source', value: { id: 'src_billing', name: 'billing' } } },
  { id: 'src_crm', resource: { case: 'source', value: { id: 'src_crm', name: 'crm' } } },
  {
    id: 'agt_1',
    resource: { case: 'agent', value: { id: 'agt_1', name: 'clerk', skillIds: ['skl_2', 'skl_1', 'skl_gone'] } },
  },
  {
    id: 'skl_1',
    resource: { case: 'skill', value: { id: 'skl_1', name: 'mail', mcpServerUrl: 'https://mail.example.com' } },
  },
  {
    id: 'skl_2',
    resource: {
      case: 'skill',
      value: { id: 'skl_2', name: 'files', mcpServerUrl: 'https://files.example.com', readOnly: true },
    },
  },
  { id: 'skl_3', resource: { case: 'skill', value: { id: 'skl_3', name: 'of nobody' } } },
];

function configurationOf(...triggers: Trigger[]): Configuration {
  const configuration = new Configuration();
  configuration.apply(
    [...others, ...triggers.map(triggerChange)].map((init) => create(ResourceChangeSchema, init)),
    1n,
  );
  return configuration;
}

function change(configuration: Configuration, ...changes: Change[]): void {
  const made = changes.map((init) => create(ResourceChangeSchema, init));
  configuration.apply(made, configuration.version + 1n);
}

const namesOf = (configuration: Configuration, of = event) =>
  matchTriggers(configuration, of).map(({ triggerName }) => triggerName);

describe('matching', () => {
  it('plans what the trigger does, with the skills of its agent only, in their order', () => {
    const [match] = matchTriggers(configurationOf(listening), event);
    expect(match!.reason).toBe('listens to invoice.uploaded from billing');
    expect(match!.planned).toMatchObject({ triggerId: 'trg_1', agentId: 'agt_1', agentName: 'clerk' });
    expect(JSON.parse(match!.planned!.plan)).toMatchObject({
      trigger: { id: 'trg_1', name: 'first', sourceName: 'billing', autoApprove: false },
      agent: { id: 'agt_1', name: 'clerk' },
      skills: [
        { id: 'skl_2', name: 'files', url: 'https://files.example.com', readOnly: true, requiresApproval: false },
        { id: 'skl_1', name: 'mail' },
      ],
      action: { kind: 'prompt', template: 'go' },
    } satisfies DeepPartial<Plan>);
  });

  it('looks at the triggers of this very type and source, and at no other', () => {
    const configuration = configurationOf(
      listening,
      { ...listening, id: 'trg_2', name: 'other type', eventType: 'invoice.paid' },
      { ...listening, id: 'trg_3', name: 'other source', sourceId: 'src_crm' },
      { ...listening, id: 'trg_0', name: 'made before' },
    );
    expect(namesOf(configuration)).toEqual(['made before', 'first']);
    expect(namesOf(configuration, { ...event, sourceId: 'src_crm' })).toEqual(['other source']);
    expect(namesOf(configuration, { ...event, eventType: 'nobody.listens' })).toEqual([]);
  });

  it('follows a trigger that listens to something else, is renamed or deleted', () => {
    const configuration = configurationOf(listening, { ...listening, id: 'trg_2', name: 'second' });
    change(configuration, triggerChange({ ...listening, eventType: 'invoice.paid' }));
    expect(namesOf(configuration)).toEqual(['second']);
    expect(namesOf(configuration, { ...event, eventType: 'invoice.paid' })).toEqual(['first']);
    change(
      configuration,
      triggerChange({ ...listening, name: 'moved' }),
      triggerChange({ ...listening, id: 'trg_2', name: 'first' }),
    );
    expect([configuration.trigger('first')?.id, configuration.trigger('moved')?.id]).toEqual(['trg_2', 'trg_1']);
    expect(configuration.trigger('second')).toBeUndefined();
    change(configuration, { id: 'trg_1' });
    expect(namesOf(configuration)).toEqual(['first']);
    expect(configuration.trigger('trg_1')).toBeUndefined();
  });

  it('plans anew when the agent or a skill has changed, and gives the same plan the same hash', () => {
    const configuration = configurationOf(listening);
    const planned = () => matchTriggers(configuration, event)[0]!.planned!;
    const first = planned();
    expect(planned()).toBe(first);
    change(configuration, { id: 'skl_1', resource: { case: 'skill', value: { id: 'skl_1', name: 'post' } } });
    expect(planned().planHash).not.toEqual(first.planHash);
    change(configuration, ...others);
    expect(planned().planHash).toEqual(first.planHash);
  });

  it('names the tool of a skill as the skill is called now', () => {
    const value = { tool: 'send/all', skillId: 'skl_1', arguments: '{}' };
    const configuration = configurationOf({ ...listening, action: { case: 'toolCall', value } });
    const plan = JSON.parse(matchTriggers(configuration, event)[0]!.planned!.plan) as Plan;
    expect(plan.action).toMatchObject({ tool: 'mail/send/all', skillId: 'skl_1' });
  });

  it('starts nothing while the source is paused, and says so', () => {
    const configuration = configurationOf(listening);
    const pause = (paused: boolean) => {
      const value = { id: 'src_billing', name: 'billing', paused };
      change(configuration, { id: 'src_billing', resource: { case: 'source', value } });
      const [match] = matchTriggers(configuration, event);
      return { reason: match!.reason, starts: match!.planned !== undefined };
    };
    expect(pause(true)).toEqual({ reason: 'its source billing is paused', starts: false });
    expect(pause(false)).toEqual({ reason: 'listens to invoice.uploaded from billing', starts: true });
  });

  it.each<[string, Trigger, string]>([
    ['type', { eventType: 'invoice.paid' }, 'listens to invoice.paid, the event is invoice.uploaded'],
    ['source', { sourceId: 'src_crm' }, 'listens to source crm, the event is from billing'],
    [
      'type and source',
      { eventType: 'lead.won', sourceId: 'src_crm' },
      'listens to lead.won of source crm, the event is invoice.uploaded from billing',
    ],
    ['letter case', { eventType: 'Invoice.uploaded' }, 'listens to Invoice.uploaded, the event is invoice.uploaded'],
    ['pause', { paused: true }, 'is paused'],
    ['agent', { agentId: 'agt_gone' }, 'its agent agt_gone does not exist: give it another one'],
    ['action', { action: { case: undefined } }, 'has neither prompt_template nor tool_call: give it one of them'],
  ])('says why a trigger with another %s does not match', (_name, different, reason) => {
    const configuration = configurationOf({ ...listening, ...different });
    const decision = decide(configuration, configuration.trigger('trg_1')!, event);
    expect(decision).toMatchObject({ reason });
    expect(decision.planned).toBeUndefined();
  });
});

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;
