import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebhookSourceChangeSchema, type SignatureScheme } from '@agent-platform/proto';
import { github, slack, startSignedIngest } from './signed-ingest.ts';

const NO_SOURCE = 'src_00000000000000000000000zzz';
const FORGED = { 'x-hub-signature-256': 'sha256=00' };

let ingest: Awaited<ReturnType<typeof startSignedIngest>>;
let sourceId: string;
beforeEach(async () => {
  ingest = await startSignedIngest();
  sourceId = ingest.newSource(github);
});
afterEach(() => ingest[Symbol.asyncDispose]());

describe('before the body is read', () => {
  it('forms are refused, and it is said what to change', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ingest.sendSigned(sourceId, github, { body: 'payload=%7B%7D', headers });
    expect(answer.json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect(answer.json<{ detail: string }>().detail).toContain('slash commands');
  });

  it('the rate of the source counts, whatever the signature, and without one nothing does', async () => {
    const slow = ingest.newSource(github, { rateLimitPerSecond: 5 });
    const statuses = [];
    for (let i = 0; i < 11; i++) statuses.push((await ingest.post(slow, '{}', FORGED)).statusCode);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429]);
    expect((await ingest.sendSigned(slow, github)).headers['retry-after']).toBe('1');
    expect((await ingest.sendSigned(sourceId, github)).statusCode).toBe(202);
    ingest.clock.nowMs += 2_000;
    for (let i = 0; i < 30; i++) expect((await ingest.post(slow, '{}', {})).statusCode).toBe(401);
    for (let i = 0; i < 10; i++) expect((await ingest.sendSigned(slow, github)).statusCode).toBe(202);
  });

  it('its size counts', async () => {
    const answer = await ingest.sendSigned(sourceId, github, { body: JSON.stringify({ pad: 'x'.repeat(20_000) }) });
    expect(answer.json()).toMatchObject({ status: 413, code: 'payload_too_large' });
  });

  it('other methods are refused', async () => {
    const answer = await ingest.app.inject({ method: 'GET', url: `/webhooks/${sourceId}` });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
  });

  it('there may be nothing to read, which is no event', async () => {
    const answer = await ingest.sendSigned(ingest.newSource(slack), slack, { body: '' });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_json' });
  });
});

describe('while the token service', () => {
  it('is down, known sources keep working and others get 503, never 401', async () => {
    expect((await ingest.sendSigned(sourceId, github)).statusCode).toBe(202);
    const unknown = ingest.newSource(github);
    ingest.tokenService.state = 'down';
    for (let minute = 0; minute < 4; minute++) {
      ingest.clock.nowMs += 60_000;
      expect((await ingest.sendSigned(sourceId, github)).statusCode).toBe(202);
      const answer = await ingest.sendSigned(unknown, github);
      expect(answer.json()).toMatchObject({ status: 503, code: 'token_service_unavailable' });
      expect(answer.headers['retry-after']).toBe('2');
      expect((await ingest.sendSigned('src_not-an-id', github)).statusCode).toBe(404);
    }
    expect((await ingest.post(sourceId, github.body, FORGED)).statusCode).toBe(401);
    ingest.clock.nowMs += 60_001;
    expect((await ingest.sendSigned(sourceId, github)).statusCode).toBe(503);
  });

  it('is up, it is asked once for many, and once in 5 s for a source that is none', async () => {
    await Promise.all(Array.from({ length: 50 }, () => ingest.sendSigned(sourceId, github)));
    for (let i = 0; i < 20; i++) await ingest.sendSigned(NO_SOURCE, github);
    expect(ingest.tokenService.asked).toEqual([sourceId, NO_SOURCE]);
  });

  it('knows a scheme that this release does not, its source is not let in and all others are', async () => {
    const later = ingest.newSource({ scheme: 99 as SignatureScheme, secrets: ['a', 'b'] });
    expect((await ingest.sendSigned(later, github)).statusCode).toBe(503);
    expect((await ingest.sendSigned(sourceId, github)).statusCode).toBe(202);
  });
});

it('a signature that is added or changed counts as soon as ingest is told', async () => {
  const tell = () => {
    const value = toBinary(WebhookSourceChangeSchema, create(WebhookSourceChangeSchema, { sourceId }));
    ingest.bus.followed[0]!.onMessage({ key: sourceId, value, headers: {}, partition: 0, offset: 0n });
  };
  const source = { sourceId, signature: { scheme: github.scheme, secrets: ['another secret'] } };
  expect((await ingest.sendSigned(sourceId, github)).statusCode).toBe(202);
  ingest.tokenService.forget(sourceId);
  ingest.tokenService.issue(source);
  expect((await ingest.sendSigned(sourceId, github)).statusCode).toBe(202);
  tell();
  expect((await ingest.sendSigned(sourceId, github)).statusCode).toBe(401);
  ingest.tokenService.forget(sourceId);
  tell();
  const signed = await github.sign(github.body, 'another secret', ingest.clock.nowMs);
  const sendWithOther = () => ingest.post(sourceId, github.body, { ...github.headers, ...signed });
  expect((await sendWithOther()).statusCode).toBe(401);
  ingest.tokenService.issue(source);
  expect((await sendWithOther()).statusCode).toBe(401);
  tell();
  expect((await sendWithOther()).statusCode).toBe(202);
});

it('no secret and no signature is logged', async () => {
  await ingest.sendSigned(sourceId, github);
  ingest.tokenService.state = 'down';
  await ingest.sendSigned(ingest.newSource(github), github);
  expect(ingest.lines.length).toBeGreaterThan(0);
  const logged = JSON.stringify(ingest.lines);
  for (const secret of [...github.secrets, 'sha256=']) expect(logged).not.toContain(secret);
});
