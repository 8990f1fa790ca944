import { create, type DescMethodUnary, type Message } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyOf } from '@agent-platform/auth';
import { ConfigurationService, ResolutionOutcome, WebhookSourceService } from '@agent-platform/proto';
import type { AppError } from '@agent-platform/errors';
import { createFixture, everyPermission, publicServices, type Fixture } from './fixture.ts';
import { fresh, makeAgent, makeSkill, makeSource, methodsOf, resources } from './resources.ts';

let fixture: Fixture;
/** What tenant org_a has, as requests refer to it: ids and names, and what depends on them. */
let owned: Record<string, string>[];

beforeAll(async () => {
  fixture = await createFixture();
  const orgId = 'org_a';
  const source = await makeSource(fixture, orgId, 'source');
  const skill = await makeSkill(fixture, orgId, { name: 'skill' });
  const agent = await makeAgent(fixture, orgId, 'agent', ['skill']);
  const triggers = resources.find(({ type }) => type === 'Trigger')!;
  const values = { ...(await triggers.values(fixture, orgId)), name: 'trigger' };
  const trigger = await methodsOf(triggers, fixture.as(orgId, triggers.service)).create(values);
  const { tokens } = await fixture.as(orgId, WebhookSourceService).listWebhookTokens({ webhookSource: 'source' });
  const rest = { event: 'evt_1', run: 'run_1', replay: 'replay-1', deadLetter: 'dlt_1', token: tokens[0]!.id };
  const byId = { webhookSource: source.id, skill: skill.id, agent: agent.id, trigger: trigger.id };
  const byName = { webhookSource: source.name, skill: skill.name, agent: agent.name, trigger: trigger.name };
  owned = [
    { ...byId, ...rest },
    { ...byName, ...rest },
  ];
});
afterAll(() => fixture[Symbol.asyncDispose]());

const methods = publicServices.flatMap((service) =>
  service.methods.map((method) => ({ name: method.name, method: method as DescMethodUnary })),
);

type Invoke = Record<string, (request: Message) => Promise<Message>>;
const send = (client: object, method: DescMethodUnary, request: Message) =>
  (client as Invoke)[method.localName]!(request);

/** A request that refers to what `references` names, wherever the method takes a reference. */
function requestTo(method: DescMethodUnary, references: Record<string, string>): Message {
  const values: Record<string, unknown> = method.name === 'ResolveRun' ? { outcome: ResolutionOutcome.FAILED } : {};
  for (const field of method.input.fields) {
    const reference = references[field.localName];
    if (reference === undefined) continue;
    values[field.localName] = field.fieldKind === 'message' ? { id: reference, description: 'mine now' } : reference;
  }
  return create(method.input, values);
}

/** These list what one thing has. */
const listingParts = ['ListWebhookTokens', 'ListSteps'];
const listing = methods.filter(({ name }) => name.startsWith('List') && !listingParts.includes(name));
// These refer to nothing: they filter. The dispatcher's own tests show that they see one tenant only.
const filtering = ['ReplayEvents', 'RetryRuns'];
const referring = methods.filter(
  (method) => !method.name.startsWith('Create') && !filtering.includes(method.name) && !listing.includes(method),
);

describe.each(methods)('$name', ({ method }) => {
  it('is refused without a token', async () => {
    for (const authorization of [undefined, 'Basic ZGV2OmRldg==', 'Bearer']) {
      const client = fixture.withHeader(method.parent, authorization);
      await expect(send(client, method, requestTo(method, owned[0]!))).rejects.toMatchObject({
        kind: 'unauthenticated',
      });
    }
  });

  it('is refused with every permission but its own', async () => {
    const { permission } = policyOf(method)!;
    expect(permission).toMatch(/^[a-z-]+:(read|write)$/);
    const others = everyPermission.filter((other) => other !== permission);
    const client = fixture.as('org_a', method.parent, others);
    await expect(send(client, method, requestTo(method, owned[0]!))).rejects.toMatchObject({
      kind: 'permission_denied',
      message: expect.stringContaining(`"${permission}"`) as string,
    });
  });
});

describe.each(referring)('$name', ({ method }) => {
  it('finds nothing of another tenant, and says the same as of what exists nowhere', async () => {
    const client = fixture.as('org_b', method.parent);
    const ask = (references: Record<string, string>) =>
      send(client, method, requestTo(method, references)).then(
        () => 'an answer',
        ({ kind, code, message }: AppError) => ({ kind, code, message: message.replace(/"[^"]*"/, '"…"') }),
      );
    const nowhere = {
      webhookSource: 'x',
      skill: 'x',
      agent: 'x',
      trigger: 'x',
      event: 'x',
      run: 'x',
      replay: 'x',
      deadLetter: 'x',
      token: 'tok_x',
    };
    const missing = await ask(nowhere);
    expect(missing).toMatchObject({ kind: 'not_found' });
    for (const references of owned) expect(await ask(references)).toEqual(missing);
  });
});

describe.each(listing)('$name', ({ method }) => {
  it('lists nothing of another tenant', async () => {
    const listField = method.output.fields.find(({ fieldKind }) => fieldKind === 'list')!.localName;
    const list = async (orgId: string) => {
      const answer = await send(fixture.as(orgId, method.parent), method, create(method.input));
      return (answer as unknown as Record<string, unknown[]>)[listField];
    };
    expect(await list('org_a')).not.toEqual([]);
    expect(await list('org_b')).toEqual([]);
  });
});

describe('another tenant', () => {
  it('changed nothing', async () => {
    for (const resource of resources) {
      const { get } = methodsOf(resource, fixture.as('org_a', resource.service));
      for (const references of owned) expect((await get(references[resource.field]!)).description).toBe('');
    }
    const { tokens } = await fixture.as('org_a', WebhookSourceService).listWebhookTokens({ webhookSource: 'source' });
    expect(tokens.map(({ revokedAt }) => revokedAt)).toEqual([undefined]);
  });

  it('cannot be referred to', async () => {
    const [byId] = owned;
    await expect(makeAgent(fixture, 'org_b', fresh('agent'), [byId!['skill']!, 'skill'])).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [
        { field: 'agent.skills[0]', description: `there is no skill "${byId!['skill']}"` },
        { field: 'agent.skills[1]', description: 'there is no skill "skill"' },
      ],
    });
    const triggers = resources.find(({ type }) => type === 'Trigger')!;
    const { create: createTrigger } = methodsOf(triggers, fixture.as('org_b', triggers.service));
    const values = { ...(await triggers.values(fixture, 'org_b')), name: fresh('trigger') };
    const foreign = { ...values, webhookSource: byId!['webhookSource'], agentId: byId!['agent'] };
    await expect(createTrigger(foreign)).rejects.toMatchObject({
      kind: 'invalid_argument',
      fields: [
        { field: 'trigger.webhook_source', description: `there is no webhook source "${byId!['webhookSource']}"` },
        { field: 'trigger.agent_id', description: `there is no agent "${byId!['agent']}"` },
      ],
    });
  });
});

describe('GetConfiguration', () => {
  it('is for the dispatcher only', async () => {
    const ask = { orgId: 'org_a' };
    for (const caller of ['ingest', 'token-service', 'management-api'] as const) {
      const client = fixture.asService(caller, 'management-api', ConfigurationService);
      await expect(client.getConfiguration(ask)).rejects.toMatchObject({ kind: 'permission_denied' });
    }
    const user = fixture.as('org_a', ConfigurationService);
    await expect(user.getConfiguration(ask)).rejects.toMatchObject({ kind: 'permission_denied' });
    await fixture.asService('dispatcher', 'management-api', ConfigurationService).getConfiguration(ask);
  });
});

describe('events and runs', () => {
  it('are answered by the dispatcher, for the user who asks', async () => {
    const [, , , , events, runs] = publicServices;
    expect((await fixture.as('org_a', events).getEvent({ event: 'evt_1' })).event).toMatchObject({ id: 'evt_1' });
    const { run } = await fixture.as('org_a', runs, ['runs:read']).getRun({ run: 'run_1' });
    expect(run).toMatchObject({ id: 'run_1', output: 'tester' });
  });
});
