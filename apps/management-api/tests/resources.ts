import {
  create,
  type DescMethodUnary,
  type DescService,
  type Message,
  type MessageInitShape,
} from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import {
  AgentService,
  type SkillSchema,
  SkillService,
  TriggerService,
  WebhookSourceService,
} from '@agent-platform/proto';
import type { Fixture } from './fixture.ts';

type Values = Record<string, unknown>;

/** The five methods every resource has, by what they do, so that one test can stand for four. */
export interface ResourceCase {
  readonly service: DescService;
  readonly label: string;
  /** As in `createAgent` and `{ agent }`. */
  readonly type: string;
  readonly field: string;
  readonly listField: string;
  /** A valid one, and what of it a plain update changes. */
  readonly values: (fixture: Fixture, orgId: string) => Promise<Values>;
}

export async function makeSource(fixture: Fixture, orgId: string, name: string) {
  const client = fixture.as(orgId, WebhookSourceService);
  return (await client.createWebhookSource({ webhookSource: { name } })).webhookSource!;
}

export async function makeSkill(fixture: Fixture, orgId: string, skill: MessageInitShape<typeof SkillSchema>) {
  const mcpServerUrl = 'https://mcp.example.com/mcp';
  return (await fixture.as(orgId, SkillService).createSkill({ skill: { mcpServerUrl, ...skill } as never })).skill!;
}

export async function makeAgent(fixture: Fixture, orgId: string, name: string, skills: string[] = []) {
  return (await fixture.as(orgId, AgentService).createAgent({ agent: { name, skills } })).agent!;
}

let serial = 0;
/** A name nobody else has. */
export const fresh = (prefix: string) => `${prefix}-${++serial}`;

export const resources: ResourceCase[] = [
  {
    service: AgentService,
    label: 'agent',
    type: 'Agent',
    field: 'agent',
    listField: 'agents',
    values: async () => ({ instructions: 'Be brief.', model: 'anthropic/claude-sonnet-4-5' }),
  },
  {
    service: SkillService,
    label: 'skill',
    type: 'Skill',
    field: 'skill',
    listField: 'skills',
    values: async () => ({ mcpServerUrl: 'https://mcp.example.com/mcp', displayName: 'Invoices' }),
  },
  {
    service: TriggerService,
    label: 'trigger',
    type: 'Trigger',
    field: 'trigger',
    listField: 'triggers',
    values: async (fixture, orgId) => ({
      eventType: 'invoice.uploaded',
      webhookSource: (await makeSource(fixture, orgId, fresh('source'))).name,
      agentId: (await makeAgent(fixture, orgId, fresh('agent'))).id,
      action: { case: 'promptTemplate', value: 'Process {{ .payload.id }}' },
    }),
  },
  {
    service: WebhookSourceService,
    label: 'webhook source',
    type: 'WebhookSource',
    field: 'webhookSource',
    listField: 'webhookSources',
    values: async () => ({ rateLimitPerSecond: 10 }),
  },
];

export interface Resource extends Message {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** The methods of a resource under names that are the same for all. */
export function methodsOf(resource: ResourceCase, client: Client<DescService>) {
  const call = async (verb: string, request: object): Promise<Record<string, unknown>> => {
    const method = resource.service.methods.find(({ name }) => name === verb) as DescMethodUnary;
    const invoke = (client as Record<string, (request: Message) => Promise<Record<string, unknown>>>)[
      method.localName
    ]!;
    return invoke(create(method.input, request as Values));
  };
  const one = async (verb: string, request: object) => (await call(verb, request))[resource.field] as Resource;
  return {
    create: (values: Values) => one(`Create${resource.type}`, { [resource.field]: values }),
    get: (reference: string) => one(`Get${resource.type}`, { [resource.field]: reference }),
    update: (values: Values, paths?: string[]) =>
      one(`Update${resource.type}`, { [resource.field]: values, ...(paths && { updateMask: { paths } }) }),
    delete: (reference: string) => call(`Delete${resource.type}`, { [resource.field]: reference }),
    list: async (page: { pageSize?: number; pageToken?: string } = {}) => {
      const answer = await call(`List${resource.type}s`, page);
      return { items: answer[resource.listField] as Resource[], nextPageToken: answer['nextPageToken'] as string };
    },
  };
}
