import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentService, EventService, RunService, TriggerService, WebhookSourceService } from '@agent-platform/proto';
import { createServer } from '@agent-platform/rpc';
import { createMetrics } from '@agent-platform/telemetry';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { createFixture, logger, type Fixture } from './fixture.ts';
import { fresh, makeAgent, makeSource } from './resources.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const [from, before] = [timestampFromDate(new Date(0)), timestampFromDate(new Date(1))];
const times = { receivedFrom: from, receivedBefore: before };
const created = { createdFrom: from, createdBefore: before };

/** Each field that refers to something, with what asks by it. */
const fields = [
  ['listEvents.webhook_source', 'webhookSource', (webhookSource: string) => events().listEvents({ webhookSource })],
  [
    'listEvents.webhook_source_id',
    'webhookSourceId',
    (webhookSourceId: string) => events().listEvents({ webhookSourceId }),
  ],
  [
    'replayEvents.webhook_source',
    'webhookSource',
    (webhookSource: string) => events().replayEvents({ ...times, webhookSource }),
  ],
  [
    'replayEvents.webhook_source_id',
    'webhookSourceId',
    (webhookSourceId: string) => events().replayEvents({ ...times, webhookSourceId }),
  ],
  ['listRuns.webhook_source', 'webhookSource', (webhookSource: string) => runs().listRuns({ webhookSource })],
  ['listRuns.trigger', 'trigger', (trigger: string) => runs().listRuns({ trigger })],
  ['listRuns.trigger_id', 'triggerId', (triggerId: string) => runs().listRuns({ triggerId })],
  ['listRuns.agent', 'agent', (agent: string) => runs().listRuns({ agent })],
  [
    'retryRuns.webhook_source',
    'webhookSource',
    (webhookSource: string) => runs().retryRuns({ ...created, webhookSource }),
  ],
  ['retryRuns.trigger', 'trigger', (trigger: string) => runs().retryRuns({ ...created, trigger })],
  ['retryRuns.agent', 'agent', (agent: string) => runs().retryRuns({ ...created, agent })],
] as const;

const orgId = 'org_names';
const events = () => fixture.as(orgId, EventService);
const runs = () => fixture.as(orgId, RunService);

const services = { webhookSource: WebhookSourceService, trigger: TriggerService, agent: AgentService };
type Kind = keyof typeof services;
const kindOf = (field: string) => field.replace(/Id$/, '') as Kind;

async function makeOne(kind: Kind, org = orgId): Promise<{ id: string; name: string }> {
  const name = fresh('named');
  if (kind === 'webhookSource') return makeSource(fixture, org, name);
  const agent = await makeAgent(fixture, org, name);
  if (kind === 'agent') return agent;
  const webhookSource = (await makeSource(fixture, org, name)).id;
  const action = { case: 'promptTemplate', value: 'go' } as const;
  const wanted = { name, eventType: 'a.b', webhookSource, agentId: agent.id, action };
  return (await fixture.as(org, TriggerService).createTrigger({ trigger: wanted })).trigger!;
}

async function remove(kind: Kind, id: string): Promise<void> {
  if (kind === 'webhookSource')
    await fixture.as(orgId, services.webhookSource).deleteWebhookSource({ webhookSource: id });
  if (kind === 'trigger') await fixture.as(orgId, services.trigger).deleteTrigger({ trigger: id });
  if (kind === 'agent') await fixture.as(orgId, services.agent).deleteAgent({ agent: id });
}

describe.each(fields)('%s', (_name, field, ask) => {
  const kind = kindOf(field);
  const asked = () => (fixture.dispatcher.filters.at(-1) as unknown as Record<string, string>)[field];

  it('takes a name wherever an id works', async () => {
    const { id, name } = await makeOne(kind);
    await ask(name);
    expect(asked()).toBe(id);
    await ask(id);
    expect(asked()).toBe(id);
  });

  it('finds what is deleted by its id, because its events and runs are still there', async () => {
    const { id, name } = await makeOne(kind);
    await remove(kind, id);
    await ask(id);
    expect(asked()).toBe(id);
    await expect(ask(name)).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('says what there is not, also when another tenant has it', async () => {
    const other = await makeOne(kind, 'org_other');
    const before = fixture.dispatcher.filters.length;
    for (const reference of [other.id, other.name, 'nobody', `${other.id.slice(0, -1)}!`, 'x\0']) {
      await expect(ask(reference)).rejects.toMatchObject({
        kind: 'not_found',
        code: `${kind.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`)}_not_found`,
        message: expect.stringContaining(`"${reference}"`) as string,
      });
    }
    expect(fixture.dispatcher.filters.length).toBe(before);
  });
});

it('is the same over REST', async () => {
  const { id, name } = await makeOne('trigger');
  await using server = await createServer({
    services: [fixture.management],
    authenticate: fixture.authenticate,
    logger,
    metrics: createMetrics(),
    host: '127.0.0.1',
    port: 0,
  });
  const token = Buffer.from(JSON.stringify({ orgId, permissions: ['runs:read', 'events:write'] })).toString(
    'base64url',
  );
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const found = await fetch(`${server.url}/api/v1/runs?trigger=${name}&status=failed`, { headers });
  expect([found.status, fixture.dispatcher.filters.at(-1)]).toMatchObject([200, { trigger: id }]);
  const missing = await fetch(`${server.url}/api/v1/runs?agent=nobody`, { headers });
  expect([missing.status, await missing.json()]).toMatchObject([
    404,
    { code: 'agent_not_found', detail: 'There is no agent "nobody".' },
  ]);
  const body = {
    received_from: '2026-11-26T08:00:00Z',
    received_before: '2026-11-26T09:00:00Z',
    webhook_source_id: 'no',
  };
  const replay = await fetch(`${server.url}/api/v1/events:replay`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect([replay.status, await replay.json()]).toMatchObject([404, { code: 'webhook_source_not_found' }]);
});
