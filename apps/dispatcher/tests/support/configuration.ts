import { ConfigurationSchema, type Configuration } from '@agent-platform/proto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';

export const ORG = 'org_test';
export const SOURCE = 'src_billing';
export const URL_OF_SKILL = 'https://tools.example.com/mcp';

export type ConfigurationInit = MessageInitShape<typeof ConfigurationSchema>;

/** One skill, one agent, one trigger for invoice.uploaded that calls its tool. */
export function configurationOf(
  over: {
    trigger?: NonNullable<ConfigurationInit['triggers']>[number];
    agent?: NonNullable<ConfigurationInit['agents']>[number];
    skill?: NonNullable<ConfigurationInit['skills']>[number];
  } = {},
): Configuration {
  return create(ConfigurationSchema, {
    triggers: [
      {
        id: 'trg_1',
        name: 'on-invoice',
        eventType: 'invoice.uploaded',
        sourceId: SOURCE,
        sourceName: 'billing',
        agentId: 'agt_1',
        action: { case: 'toolCall', value: { tool: 'save', arguments: '{"id":"{{ .payload.invoice_id }}"}' } },
        ...over.trigger,
      },
    ],
    agents: [{ id: 'agt_1', name: 'clerk', instructions: '', model: '', skillIds: ['skl_1'], ...over.agent }],
    skills: [{ id: 'skl_1', name: 'invoices', mcpServerUrl: URL_OF_SKILL, ...over.skill }],
  });
}
