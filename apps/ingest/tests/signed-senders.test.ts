import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { event } from './fixtures.ts';
import { senders, type Sender } from './senders.ts';
import { github, slack, startSignedIngest } from './signed-ingest.ts';

const NO_SOURCE = 'src_00000000000000000000000zzz';

let ingest: Awaited<ReturnType<typeof startSignedIngest>>;
beforeEach(async () => {
  ingest = await startSignedIngest();
});
afterEach(() => ingest[Symbol.asyncDispose]());

describe.each(Object.entries(senders))('%s', (_name, sender: Sender) => {
  let sourceId: string;
  beforeEach(() => {
    sourceId = ingest.newSource(sender);
  });

  it('starts an event with the whole body as payload, byte for byte', async () => {
    const answer = await ingest.sendSigned(sourceId, sender);
    expect(answer.statusCode).toBe(202);
    const [published] = ingest.bus.events();
    expect(answer.json()).toEqual({ event_id: published?.eventId, status: 'accepted' });
    expect(published).toMatchObject({
      orgId: 'org_a',
      sourceId,
      eventType: sender.eventType,
      idempotencyKey: sender.idempotencyKey,
    });
    expect(Buffer.from(published!.payload).toString()).toBe(sender.body);
    expect(published!.occurredAt && timestampMs(published!.occurredAt)).toBe(sender.occurredAtMs);
  });

  it('delivers again what is the same event', async () => {
    const ids = [];
    for (let i = 0; i < 3; i++) {
      ingest.clock.nowMs += 3_600_000;
      ids.push((await ingest.sendSigned(sourceId, sender)).json<{ event_id: string }>().event_id);
    }
    expect(new Set(ids).size).toBe(1);
  });

  it('is refused in one way with a body, a signature, a secret or an address that is not the right one', async () => {
    const signed = await sender.sign(sender.body, sender.secrets[0], ingest.clock.nowMs);
    const wrong = await sender.sign(sender.body, `${sender.secrets[0].slice(0, -4)}AAAA`, ingest.clock.nowMs);
    const unsigned = 'src_0000000000000000000000000z';
    const token = ingest.tokenService.issue({ sourceId: unsigned });
    const answers = [
      await ingest.post(sourceId, `${sender.body} `, { ...sender.headers, ...signed }),
      await ingest.post(sourceId, sender.body, { ...sender.headers, ...wrong }),
      await ingest.post(sourceId, sender.body, sender.headers),
      await ingest.post(unsigned, sender.body, signed),
      await ingest.post(unsigned, sender.body, { ...signed, 'x-webhook-token': token }),
      await ingest.post(NO_SOURCE, sender.body, signed),
    ];
    for (const answer of answers) {
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    }
    expect(answers[0]!.json()).toMatchObject({ code: 'signature_refused' });
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(ingest.bus.messages).toEqual([]);
  });

  it('is told what is wrong with a body that it signed, and nobody else is', async () => {
    const bodies: [string, string][] = [
      ['{"type":', 'invalid_json'],
      ['[]', 'not_an_object'],
      [`{"a":${'['.repeat(100)}`, 'too_deep'],
    ];
    for (const [body, code] of bodies) {
      const answer = await ingest.sendSigned(sourceId, sender, { body });
      expect(answer.json()).toMatchObject({ status: 400, code });
      const forged = await ingest.sendSigned(sourceId, sender, { body, headers: { [sender.signature]: 'v0=' } });
      expect(forged.statusCode).toBe(401);
    }
  });

  it('signs what is sent with a token as well, where its source asks for it', async () => {
    const secrets = [...sender.secrets];
    const token = ingest.tokenService.issue({ sourceId: NO_SOURCE, signature: { scheme: sender.scheme, secrets } });
    const body = event();
    const signed = await sender.sign(body, sender.secrets[1], ingest.clock.nowMs);
    expect((await ingest.send(body, { 'x-webhook-token': token, ...signed })).statusCode).toBe(202);
    expect(ingest.bus.events()[0]).toMatchObject({ eventType: 'invoice.uploaded' });
    for (const headers of [{}, { ...signed, [sender.signature]: 'v0=' }]) {
      const answer = await ingest.send(body, { 'x-webhook-token': token, ...headers });
      expect(answer.json()).toMatchObject({ status: 401, code: 'signature_refused' });
    }
    const other = event({ event_id: '2' });
    expect((await ingest.send(other, { 'x-webhook-token': token, ...signed })).statusCode).toBe(401);
    expect(ingest.bus.messages).toHaveLength(1);
  });
});

describe('event types', () => {
  it.each([
    ['ping', {}, 'ping'],
    ['push', { action: { not: 'a text' } }, 'push'],
    ['workflow_run', { action: 'completed' }, 'workflow_run.completed'],
    ['repository_dispatch', { action: 'deploy' }, 'repository_dispatch.deploy'],
    ['repository_dispatch', { action: 'deploy prod' }, 'repository_dispatch'],
    ['repository_dispatch', { action: 'x'.repeat(255) }, 'repository_dispatch'],
  ])('of GitHub: %s with %j', async (type, body, expected) => {
    const changed = { body: JSON.stringify(body), headers: { 'x-github-event': type } };
    await ingest.sendSigned(ingest.newSource(github), github, changed);
    expect(ingest.bus.events()[0]?.eventType).toBe(expected);
  });

  it('of GitHub are asked for when the header is not there', async () => {
    const signed = await github.sign(github.body, github.secrets[0], 0);
    const answer = await ingest.post(ingest.newSource(github), github.body, signed);
    expect(answer.json()).toMatchObject({ status: 400, code: 'field_missing', errors: [{ field: 'X-GitHub-Event' }] });
  });

  it.each([
    ['{"type":"user created"}', 'field_invalid'],
    ['{"type":7}', 'field_invalid'],
    ['{"type":""}', 'field_invalid'],
    ['{"data":{}}', 'field_missing'],
  ])('that events cannot have are refused, and not changed: %s', async (body, code) => {
    const sender = senders['Standard Webhooks']!;
    const answer = await ingest.sendSigned(ingest.newSource(sender), sender, { body });
    expect(answer.json()).toMatchObject({ status: 400, code, errors: [{ field: 'type' }] });
    expect(answer.json<{ detail: string }>().detail).toContain('A-Z a-z 0-9');
  });

  it.each([
    ['v2.core.account[requirements].updated', '2026-11-23T09:30:00.123Z'],
    ['v1.billing.meter.no_meter_found', '2026-11-23T09:30:00.123456789Z'],
  ])("of Stripe's second version, with its own spelling of times: %s", async (type, created) => {
    const stripe = senders['Stripe']!;
    const body = JSON.stringify({ id: 'evt_test_65', object: 'v2.core.event', type, created });
    expect((await ingest.sendSigned(ingest.newSource(stripe), stripe, { body })).statusCode).toBe(202);
    const [{ eventType, occurredAt }] = ingest.bus.events() as [ReturnType<typeof ingest.bus.events>[0]];
    expect(eventType).toBe(type);
    expect(timestampMs(occurredAt!)).toBe(Date.parse('2026-11-23T09:30:00.123Z'));
  });

  it('that are not there are those of the source, if it has one', async () => {
    const sender = senders['Standard Webhooks']!;
    const to = ingest.newSource(sender, { defaultEventType: 'billing/event' });
    for (const body of ['{"data":{}}', '{"type":null}', '{"type":"invoice.paid"}']) {
      expect((await ingest.sendSigned(to, sender, { body })).statusCode).toBe(202);
    }
    const types = ingest.bus.events().map(({ eventType }) => eventType);
    expect(types).toEqual(['billing/event', 'billing/event', 'invoice.paid']);
    for (const body of ['{"type":7}', '{"type":""}', '{"type":"a b"}']) {
      const answer = await ingest.sendSigned(to, sender, { body });
      expect(answer.json()).toMatchObject({ status: 400, code: 'field_invalid', errors: [{ field: 'type' }] });
    }
  });

  it('of Slack are those of the event, or what the request is', async () => {
    const to = ingest.newSource(slack);
    const bodies = [
      '{"type":"app_rate_limited"}',
      '{"type":"event_callback","event":{"type":"message","subtype":"x"}}',
    ];
    for (const body of bodies) expect((await ingest.sendSigned(to, slack, { body })).statusCode).toBe(202);
    expect(ingest.bus.events().map(({ eventType }) => eventType)).toEqual(['app_rate_limited', 'message']);
    for (const inner of [undefined, null, 'text', {}]) {
      const body = JSON.stringify({ type: 'event_callback', event: inner });
      const answer = await ingest.sendSigned(to, slack, { body });
      expect(answer.json()).toMatchObject({ status: 400, errors: [{ field: 'event.type' }] });
    }
  });

  it('come with keys and times that cannot be, which are refused or left out', async () => {
    const stripe = senders['Stripe']!;
    const to = ingest.newSource(stripe);
    const answer = await ingest.sendSigned(to, stripe, { body: '{"type":"a","id":{}}' });
    expect(answer.json()).toMatchObject({ status: 400, code: 'field_invalid', errors: [{ field: 'id' }] });
    for (const created of [-1, 1.5, 1e300, '2026']) {
      await ingest.sendSigned(to, stripe, { body: JSON.stringify({ type: 'a', created }) });
    }
    expect(ingest.bus.events().map(({ occurredAt }) => occurredAt)).toEqual(Array(4).fill(undefined));
  });
});

describe("Slack's check of the address", () => {
  const challenge = '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmH';
  const body = JSON.stringify({ token: 'x', type: 'url_verification', challenge });

  it('is answered with its challenge, and starts no event', async () => {
    const answer = await ingest.sendSigned(ingest.newSource(slack), slack, { body });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()).toEqual({ challenge });
    expect(ingest.bus.messages).toEqual([]);
    expect((await ingest.metrics.expose()).body).toContain('ingest_requests_total{code="challenge"} 1');
  });

  it('is not seen in an event that happens to have a challenge', async () => {
    const changed = { body: '{"type":"event_callback","challenge":"x","event":{"type":"message"}}' };
    const answer = await ingest.sendSigned(ingest.newSource(slack), slack, changed);
    expect(answer.statusCode).toBe(202);
  });

  it('is not answered without a signature', async () => {
    const headers = { 'x-slack-signature': 'v0=00', 'x-slack-request-timestamp': '1800000000' };
    const answer = await ingest.post(ingest.newSource(slack), body, headers);
    expect(answer.statusCode).toBe(401);
    expect(answer.body).not.toContain(challenge);
  });
});
