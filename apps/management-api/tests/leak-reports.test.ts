import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateWebhookToken } from '@agent-platform/auth';
import { TokenState, WebhookSourceService } from '@agent-platform/proto';
import { createServer, type RpcServer } from '@agent-platform/rpc';
import { AppError } from '@agent-platform/errors';
import { createMetrics } from '@agent-platform/telemetry';
import { createFixture, logger, type Fixture } from './fixture.ts';

/** The sample of GitHub's documentation of its secret scanning partner programme, with the key of that time. */
const SAMPLE = {
  identifier: 'bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c',
  signature: 'MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==',
  body: '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]',
  key:
    '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n' +
    'AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n',
};
const URL_FOUND = 'https://github.com/octocat/Hello-World/blob/main/.env';

const github = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const someone = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let keyNumber = 0;
let identifier: string;
let fixture: Fixture;
let server: RpcServer;

beforeAll(async () => {
  fixture = await createFixture();
  const { management, authenticate } = fixture;
  const metrics = createMetrics();
  server = await createServer({ services: [management], authenticate, logger, metrics, host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await fixture[Symbol.asyncDispose]();
});
/** GitHub has a new key, and long enough has passed to ask for it. */
beforeEach(() => {
  identifier = `key-${++keyNumber}`;
  Object.assign(fixture.github, { status: 200, asked: 0 });
  publish({ key_identifier: identifier, key: pem(github.publicKey), is_current: true });
  fixture.passMs(3_600_000);
});

const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;
const publish = (...keys: { key_identifier: string; key: string; is_current: boolean }[]) => {
  fixture.github.json = { public_keys: keys };
};
const signed = (body: string, key = github.privateKey) => sign('sha256', Buffer.from(body), key).toString('base64');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function post(body: string, headers: Record<string, string>) {
  const answer = await fetch(`${server.url}/secret-scanning/github`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: answer.status, headers: answer.headers, json: (await answer.json()) as Record<string, unknown> };
}
const report = (body: string, signature = signed(body), by = identifier) =>
  post(body, { 'github-public-key-identifier': by, 'github-public-key-signature': signature });

async function newToken(name: string) {
  const sources = fixture.as('org_a', WebhookSourceService);
  const { webhookSource } = await sources.createWebhookSource({ webhookSource: { name } });
  const state = async () => (await sources.listWebhookTokens({ webhookSource: name })).tokens[0]!;
  return { token: webhookSource!.token!, state };
}

describe('a leak report of GitHub', () => {
  it('revokes what is ours, and says of each match whether it was', async () => {
    const { token, state } = await newToken('leaked');
    const other = generateWebhookToken();
    const matches = [token, other, 'nothing like it'].map((found) => ({ token: found, type: 'whk', url: URL_FOUND }));
    const answer = await report(JSON.stringify(matches));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual([
      { token_hash: sha256(token), token_type: 'whk', label: 'true_positive' },
      { token_hash: sha256(other), token_type: 'whk', label: 'false_positive' },
      { token_hash: sha256('nothing like it'), token_type: 'whk', label: 'false_positive' },
    ]);
    expect(await state()).toMatchObject({ state: TokenState.REVOKED, leakedAtUrl: URL_FOUND });
  });

  it('is taken exactly as GitHub publishes a sample of one', async () => {
    publish({ key_identifier: SAMPLE.identifier, key: SAMPLE.key, is_current: true });
    const answer = await report(SAMPLE.body, SAMPLE.signature, SAMPLE.identifier);
    expect(answer.status).toBe(200);
    const label = 'false_positive';
    expect(answer.json).toEqual([{ token_hash: sha256('some_token'), token_type: 'some_type', label }]);
    const oneBitMore = SAMPLE.body.replace('commit', 'commiu');
    expect((await report(oneBitMore, SAMPLE.signature, SAMPLE.identifier)).status).toBe(401);
  });

  it('of 2,500 matches is taken whole', async () => {
    const { token, state } = await newToken('among-many');
    const matches = Array.from({ length: 2_500 }, (_, i) => ({ token: i === 2_400 ? token : `t${i}`, type: 'whk' }));
    const { json } = await report(JSON.stringify(matches));
    const labels = (json as unknown as { label: string }[]).map(({ label }) => label);
    expect(labels).toHaveLength(2_500);
    expect(labels.indexOf('true_positive')).toBe(2_400);
    expect((await state()).state).toBe(TokenState.REVOKED);
  });

  it('is refused, and changes nothing, when anything about its signature is wrong', async () => {
    const { token, state } = await newToken('not-leaked');
    const body = JSON.stringify([{ token, type: 'whk', url: URL_FOUND }]);
    const signature = signed(body);
    const reserialised = JSON.stringify(JSON.parse(body), null, 1);
    const refusals = await Promise.all([
      report(reserialised, signature),
      report(`${body}\n`, signature),
      report(body, signed(body, someone.privateKey)),
      report(body, ''),
      report(body, 'not base64, not DER'),
      report(body, signature.slice(0, -4)),
      report('', signature),
      report(body, signature, 'unknown-key'),
      post(body, { 'github-public-key-identifier': identifier }),
      post(body, { 'github-public-key-signature': signature }),
      post(body, {}),
    ]);
    for (const { status, json } of refusals) {
      expect(status).toBe(401);
      expect(json['code']).toBe('report_refused');
      expect(JSON.stringify(json)).not.toContain(token);
    }
    expect((await state()).state).toBe(TokenState.ACTIVE);
    expect((await report(body, signature)).status).toBe(200);
  });

  it.each(['{}', 'null', '[1]', '[{"token":1,"type":"whk"}]', '[{"token":"x"}]', '[', 'x'])(
    'that is signed and says %s is told what is expected',
    async (body) => {
      expect(await report(body)).toMatchObject({ status: 400, json: { code: 'report_invalid' } });
    },
  );

  it('of nothing is fine', async () => {
    expect(await report('[]')).toMatchObject({ status: 200, json: [] });
  });

  it('that is too large is refused as such', async () => {
    expect((await report(`["${'x'.repeat(4 * 1024 * 1024)}"]`)).status).toBe(413);
  });

  it('is answered 503 while token-service is away: GitHub may send it again', async () => {
    const { token, state } = await newToken('reported-twice');
    const body = JSON.stringify([{ token, type: 'whk', url: URL_FOUND }]);
    fixture.faults.tokenService = new AppError('unavailable', 'unavailable', 'Away.');
    expect((await report(body)).status).toBe(503);
    delete fixture.faults.tokenService;
    expect((await report(body)).json).toMatchObject([{ label: 'true_positive' }]);
    expect((await state()).state).toBe(TokenState.REVOKED);
  });
});

describe("GitHub's keys", () => {
  it('are fetched once, and for unknown identifiers at most once a minute', async () => {
    await Promise.all([report('[]'), report('[]'), report('[]')]);
    await report('[]');
    expect(fixture.github.asked).toBe(1);
    for (let i = 0; i < 20; i++) expect((await report('[]', undefined, `unknown-${i}`)).status).toBe(401);
    expect(fixture.github.asked).toBe(1);
    fixture.passMs(60_000);
    await report('[]', undefined, 'unknown');
    await report('[]', undefined, 'unknown');
    expect(fixture.github.asked).toBe(2);
  });

  it('that are new are found, and those that GitHub took back are gone after a day at the latest', async () => {
    expect((await report('[]')).status).toBe(200);
    publish({ key_identifier: 'new', key: pem(github.publicKey), is_current: true });
    fixture.passMs(60_000);
    expect((await report('[]', undefined, 'new')).status).toBe(200);
    expect((await report('[]')).status).toBe(401);
    publish();
    fixture.passMs(24 * 3_600_000);
    expect((await report('[]', undefined, 'new')).status).toBe(401);
  });

  it('cannot be fetched: 503 for what is unknown, no more than one attempt in five seconds, and known ones count', async () => {
    await report('[]');
    fixture.github.status = 500;
    fixture.github.asked = 0;
    fixture.passMs(60_000);
    for (let i = 0; i < 5; i++) {
      const answer = await report('[]', undefined, 'unknown');
      expect(answer).toMatchObject({ status: 503, json: { code: 'github_keys_unavailable' } });
      expect(answer.headers.get('retry-after')).toBe('60');
      expect((await report('[]')).status).toBe(200);
    }
    expect(fixture.github.asked).toBe(1);
    fixture.passMs(24 * 3_600_000);
    expect((await report('[]')).status).toBe(200);
    fixture.github.status = 200;
    fixture.passMs(5_000);
    expect((await report('[]', undefined, 'unknown')).status).toBe(401);
  });

  it('of another kind than GitHub says are not used', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    publish({ key_identifier: identifier, key: pem(rsa.publicKey), is_current: true });
    expect((await report('[]', signed('[]', rsa.privateKey))).status).toBe(503);
  });
});
