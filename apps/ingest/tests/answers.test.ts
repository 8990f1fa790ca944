import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { generateWebhookToken } from '@agent-platform/auth';
import { event, startIngest } from './fixtures.ts';

const ingest = await startIngest({ maxBodyBytes: 10_000 });
afterAll(() => ingest[Symbol.asyncDispose]());
beforeEach(() => {
  ingest.lines.length = 0;
  ingest.bus.messages.length = 0;
});

type Answer = Awaited<ReturnType<typeof ingest.send>>;

function expectProblem(answer: Answer, status: number, code: string) {
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.json()).toMatchObject({ type: 'about:blank', status, code, detail: expect.any(String) as string });
  expect(ingest.bus.messages).toEqual([]);
  expect(ingest.lines).toEqual([]);
}

describe('202', () => {
  it('answers the id, and exactly that', async () => {
    const answer = await ingest.send(event());
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.body).toMatch(/^\{"event_id":"evt_[0-9a-hjkmnp-tv-z]{26}","status":"accepted"\}$/);
    expect(ingest.bus.events()[0]?.eventId).toBe(answer.json<{ event_id: string }>().event_id);
    expect(ingest.lines).toEqual([]);
  });

  it.each([
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/cloudevents+json',
    'application/vnd.acme.v1+json; profile="x"',
  ])('takes Content-Type %s', async (type) => {
    expect((await ingest.send(event(), { 'content-type': type })).statusCode).toBe(202);
  });

  it('ignores fields it does not know', async () => {
    expect((await ingest.send(event({ source: 'crm', version: 2 }))).statusCode).toBe(202);
  });

  it('takes a body that says it is not encoded, and one of just the size allowed', async () => {
    expect((await ingest.send(event(), { 'content-encoding': 'identity' })).statusCode).toBe(202);
    const body = event({ payload: { pad: '' } });
    const full = event({ payload: { pad: 'x'.repeat(10_000 - body.length) } });
    expect((await ingest.send(full)).statusCode).toBe(202);
    expectProblemOnly(await ingest.send(`${full} `), 413);
  });
});

function expectProblemOnly(answer: Answer, status: number) {
  expect(answer.statusCode).toBe(status);
}

describe('400', () => {
  it.each([
    ['invalid_json', '{"event_type":'],
    ['invalid_json', ''],
    ['not_an_object', '[]'],
    ['field_missing', '{"event_type":"a"}'],
    ['field_invalid', event({ payload: 'text' })],
    ['too_deep', `{"a":${'['.repeat(100)}`],
  ])('says %s of %j', async (code, body) => {
    expectProblem(await ingest.send(body), 400, code);
  });

  it('says which fields, all at once', async () => {
    const answer = await ingest.send('{"event_type":7,"event_id":{}}', { 'idempotency-key': 'a'.repeat(256) });
    expectProblem(answer, 400, 'field_missing');
    const { errors } = answer.json<{ errors: { field: string }[] }>();
    expect(errors.map(({ field }) => field)).toEqual(['event_type', 'payload', 'event_id', 'Idempotency-Key']);
  });
});

describe('401', () => {
  it('is the same to the byte for every cause, and asks for no body first', async () => {
    const revoked = ingest.tokenService.issue();
    await ingest.send(event({ payload: { revoked: 1 } }), { 'x-webhook-token': revoked });
    ingest.tokenService.revoke(revoked);
    ingest.clock.nowMs += 5_000;
    ingest.bus.messages.length = 0;
    const answers = [];
    const values = [
      '',
      'whk_abc123def456',
      generateWebhookToken(),
      revoked,
      `${ingest.token}x`,
      `${ingest.token}, ${ingest.token}`,
    ];
    for (const value of values) answers.push(await ingest.send('not even JSON', { 'x-webhook-token': value }));
    answers.push(await ingest.app.inject({ method: 'POST', url: '/webhooks/events', payload: event() }));
    answers.push(
      await ingest.app.inject({
        method: 'POST',
        url: '/webhooks/events',
        headers: { authorization: `Bearer ${ingest.token}`, 'content-type': 'text/plain' },
        payload: 'x'.repeat(50_000),
      }),
    );
    for (const answer of answers) expectProblem(answer, 401, 'token_refused');
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });
});

describe('404', () => {
  it.each(['event', 'github', 'src_1', 'x'.repeat(100), 'x'.repeat(101), 'x'.repeat(5_000), `src_${'0'.repeat(25)}u`])(
    'is the answer where there can be no source, whatever comes with it: %s',
    async (name) => {
      for (const headers of [{ 'x-webhook-token': ingest.token }, { 'x-hub-signature-256': 'sha256=00' }, {}]) {
        const answer = await ingest.app.inject({
          method: 'POST',
          url: `/webhooks/${name}`,
          headers: { 'content-type': 'application/json', ...headers },
          payload: event(),
        });
        expectProblem(answer, 404, 'not_found');
        expect(answer.json<{ detail: string }>().detail).toContain('/webhooks/events');
      }
    },
  );
});

describe('OPTIONS', () => {
  it.each(['/webhooks/events', '/webhooks/src_00000000000000000000000000'])('says what %s takes', async (url) => {
    const answer = await ingest.app.inject({ method: 'OPTIONS', url });
    expect([answer.statusCode, answer.headers.allow, answer.body]).toEqual([204, 'POST', '']);
  });
});

describe('405', () => {
  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'] as const)('%s is told what is allowed', async (method) => {
    const answer = await ingest.app.inject({ method, url: '/webhooks/events' });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe('POST');
    if (method !== 'HEAD') expectProblem(answer, 405, 'method_not_allowed');
  });

  it('comes before anything is said about the body', async () => {
    const headers = { 'content-type': 'application/xml', 'content-encoding': 'gzip' };
    const answer = await ingest.app.inject({ method: 'PUT', url: '/webhooks/events', headers, payload: '<a/>' });
    expectProblem(answer, 405, 'method_not_allowed');
  });
});

describe('413', () => {
  it('says how much is allowed', async () => {
    const answer = await ingest.send(event({ payload: { pad: 'x'.repeat(10_000) } }));
    expectProblem(answer, 413, 'payload_too_large');
    expect(answer.json<{ detail: string }>().detail).toContain('10000 bytes');
  });
});

describe('415', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'text/json',
    'application/',
    'json',
  ])('refuses Content-Type %s', async (type) => {
    expectProblem(await ingest.send(event(), { 'content-type': type }), 415, 'unsupported_media_type');
  });

  it('refuses a body of no type', async () => {
    const answer = await ingest.app.inject({
      method: 'POST',
      url: '/webhooks/events',
      headers: { 'x-webhook-token': ingest.token, 'content-length': '2' },
      payload: '{}',
    });
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  it('refuses an encoded body', async () => {
    const answer = await ingest.send(gzipSync(event()), { 'content-encoding': 'gzip' });
    expectProblem(answer, 415, 'unsupported_media_type');
    expect(answer.headers['accept-encoding']).toBe('identity');
  });
});

describe('429', () => {
  it('says when to come again, and for this source only', async () => {
    const token = ingest.tokenService.issue({ rateLimitPerSecond: 5 });
    const statuses = [];
    for (let i = 0; i < 11; i++) statuses.push((await ingest.send(event(), { 'x-webhook-token': token })).statusCode);
    expect(statuses).toEqual([...Array<number>(10).fill(202), 429]);
    ingest.bus.messages.length = 0;
    const refused = await ingest.send(event(), { 'x-webhook-token': token });
    expectProblem(refused, 429, 'rate_limited');
    expect(refused.headers['retry-after']).toBe('1');
    expect((await ingest.send(event())).statusCode).toBe(202);
    ingest.clock.nowMs += 1_000;
    expect((await ingest.send(event(), { 'x-webhook-token': token })).statusCode).toBe(202);
  });
});

describe('metrics', () => {
  it('count every request by its outcome', async () => {
    await using own = await startIngest();
    await own.send(event());
    await own.send('{}');
    await own.send(event(), { 'x-webhook-token': 'whk_' });
    await own.app.inject({ method: 'GET', url: '/webhooks/events' });
    const { body } = await own.metrics.expose();
    for (const code of ['accepted', 'field_missing', 'token_refused', 'method_not_allowed']) {
      expect(body).toContain(`ingest_requests_total{code="${code}"} 1`);
    }
    expect(body).toContain('ingest_request_duration_seconds_count 4');
  });
});
