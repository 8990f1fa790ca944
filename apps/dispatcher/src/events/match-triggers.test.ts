import { ConfigurationSchema } from '@agent-platform/proto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { matchTriggers } from './match-triggers.ts';

type Trigger = NonNullable<MessageInitShape<typeof ConfigurationSchema>['triggers']>[number];

const listening: Trigger = {
  id: 'trg_1',
  name: 'first',
  eventType: 'invoice.uploaded',
  sourceId: 'src_billing',
  sourceName: 'billing',
  agentId: 'agt_1',
  action: { case: 'promptTemplate', value: 'go' },
};

function decide(...triggers: Trigger[]) {
  const configuration = create(ConfigurationSchema, {
    triggers,
    agents: [{ id: 'agt_1', name: 'clerk', skillIds: ['skl_2'] }],
    skills: [
      { id: 'skl_1' },
      { id: 'skl_2', name: 'files', mcpServerUrl: 'https://files.example.com', readOnly: true },
    ],
  });
  return matchTriggers(configuration, { eventType: 'invoice.uploaded', sourceId: 'src_billing' });
}

describe('matching', () => {
  it('plans what the trigger does, with the skills of its agent only', () => {
    const [match] = decide(listening);
    expect(match!.reason).toBe('listens to invoice.uploaded from billing');
    expect(match!.plan).toMatchObject({
      trigger: { id: 'trg_1', name: 'first', sourceName: 'billing', autoApprove: false },
      agent: { id: 'agt_1', name: 'clerk' },
      skills: [
        { id: 'skl_2', name: 'files', url: 'https://files.example.com', readOnly: true, requiresApproval: false },
      ],
      action: { kind: 'prompt', template: 'go' },
    });
  });

  it.each<[string, Trigger, string]>([
    ['type', { eventType: 'invoice.paid' }, 'listens to invoice.paid, the event is invoice.uploaded'],
    ['source', { sourceId: 'src_crm', sourceName: 'crm' }, 'listens to source crm, the event is from billing'],
    [
      'type and source',
      { eventType: 'lead.won', sourceId: 'src_crm', sourceName: 'crm' },
      'listens to lead.won of source crm, the event is invoice.uploaded from billing',
    ],
    ['letter case', { eventType: 'Invoice.uploaded' }, 'listens to Invoice.uploaded, the event is invoice.uploaded'],
    ['agent', { agentId: 'agt_gone' }, 'its agent agt_gone does not exist: give it another one'],
    ['action', { action: { case: undefined } }, 'has neither prompt_template nor tool_call: give it one of them'],
  ])('says why a trigger with another %s does not match', (_name, different, reason) => {
    const [, decision] = decide(listening, { ...listening, ...different });
    expect(decision).toMatchObject({ reason });
    expect(decision!.plan).toBeUndefined();
  });

  it('names a source nobody listens to by its id', () => {
    const [decision] = decide({ ...listening, sourceId: 'src_crm', sourceName: 'crm' });
    expect(decision!.reason).toBe('listens to source crm, the event is from src_billing');
  });
});
