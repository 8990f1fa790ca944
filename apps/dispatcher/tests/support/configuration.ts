import {
  AgentConfigurationSchema,
  ResourceChangeSchema,
  SkillConfigurationSchema,
  SourceConfigurationSchema,
  TriggerConfigurationSchema,
  type AgentConfiguration,
  type ResourceChange,
  type SkillConfiguration,
  type SourceConfiguration,
  type TriggerConfiguration,
} from '@agent-platform/proto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';

export const ORG = 'org_test';
export const SOURCE = 'src_billing';
export const URL_OF_SKILL = 'https://tools.example.com/mcp';

/** What a tenant has configured. */
export interface Configured {
  sources: SourceConfiguration[];
  triggers: TriggerConfiguration[];
  agents: AgentConfiguration[];
  skills: SkillConfiguration[];
}

/** One skill, one agent, one trigger for invoice.uploaded that calls its tool. */
export function configurationOf(
  over: {
    trigger?: MessageInitShape<typeof TriggerConfigurationSchema>;
    agent?: MessageInitShape<typeof AgentConfigurationSchema>;
    skill?: MessageInitShape<typeof SkillConfigurationSchema>;
  } = {},
): Configured {
  return {
    sources: [create(SourceConfigurationSchema, { id: SOURCE, name: 'billing' })],
    triggers: [
      create(TriggerConfigurationSchema, {
        id: 'trg_1',
        name: 'on-invoice',
        eventType: 'invoice.uploaded',
        sourceId: SOURCE,
        agentId: 'agt_1',
        action: { case: 'toolCall', value: { tool: 'save', arguments: '{"id":"{{ .payload.invoice_id }}"}' } },
        ...over.trigger,
      }),
    ],
    agents: [
      create(AgentConfigurationSchema, {
        id: 'agt_1',
        name: 'clerk',
        instructions: '',
        model: '',
        skillIds: ['skl_1'],
        ...over.agent,
      }),
    ],
    skills: [
      create(SkillConfigurationSchema, { id: 'skl_1', name: 'invoices', mcpServerUrl: URL_OF_SKILL, ...over.skill }),
    ],
  };
}

/** All of it, as management-api answers it. */
export function changesOf({ sources, triggers, agents, skills }: Configured): ResourceChange[] {
  const resources: ResourceChange['resource'][] = [
    ...sources.map((value) => ({ case: 'source' as const, value })),
    ...triggers.map((value) => ({ case: 'trigger' as const, value })),
    ...agents.map((value) => ({ case: 'agent' as const, value })),
    ...skills.map((value) => ({ case: 'skill' as const, value })),
  ];
  return resources.map((resource) => create(ResourceChangeSchema, { id: resource.value!.id, resource }));
}
