import { afterEach, describe, expect, it } from 'vitest';
import { generateWebhookToken } from '@agent-platform/auth';
import { event, startIngest } from './fixtures.ts';

let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest[Symbol.asyncDispose]());

describe('while the bus', () => {
  it('is down, senders are told to try again, and one line is logged', async () => {
    ingest = await startIngest();
    ingest.bus.is = 'down';
    const answers = await Promise.all(Array.from({ length: 20 }, () => ingest.send(event())));
    for (const answer of answers) {
      expect(answer.statusCode).toBe(503);
      expect(answer.json()).toMatchObject({ code: 'bus_unavailable', status: 503 });
      expect(answer.headers['retry-after']).toBe('2');
      expect(answer.body).not.toContain('database');
    }
    expect(ingest.lines.map(({ level }) => level)).toEqual(['warn']);
    ingest.bus.is = 'up';
    expect((await ingest.send(event())).statusCode).toBe(202);
  });

  it('does not answer, senders are told so within the deadline', async () => {
    ingest = await startIngest({ publishTimeoutMs: 50 });
    ingest.bus.is = 'silent';
    const answer = await ingest.send(event());
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'bus_unavailable' });
    ingest.bus.is = 'up';
    ingest.bus.release.resolve();
    expect((await ingest.send(event())).statusCode).toBe(202);
  });

  it('does not answer, no more than 128 MiB wait for it', async () => {
    ingest = await startIngest({ publishTimeoutMs: 300, maxBodyBytes: 32 * 1024 * 1024 });
    ingest.bus.is = 'silent';
    const body = event({ payload: { pad: 'x'.repeat(30 * 1024 * 1024) } });
    const waiting = Array.from({ length: 4 }, () => ingest.send(body));
    expect((await ingest.send(body)).statusCode).toBe(503);
    expect(ingest.lines).toMatchObject([{ err: { message: expect.stringContaining('waiting') as string } }]);
    ingest.bus.is = 'up';
    ingest.bus.release.resolve();
    for (const answer of waiting) expect([202, 503]).toContain((await answer).statusCode);
    expect((await ingest.send(body)).statusCode).toBe(202);
  });

  it('is down, ingest says that it is not ready', async () => {
    ingest = await startIngest();
    await expect(ingest.service.checks.bus?.()).resolves.toBeUndefined();
    ingest.bus.is = 'down';
    await expect(ingest.service.checks.bus?.()).rejects.toMatchObject({ code: 'bus_unavailable' });
  });
});

describe('while the token service is down', () => {
  it('known tokens keep working and unknown ones get 503, never 401', async () => {
    ingest = await startIngest();
    expect((await ingest.send(event())).statusCode).toBe(202);
    ingest.tokenService.state = 'down';
    for (let minute = 0; minute < 4; minute++) {
      ingest.clock.nowMs += 60_000;
      expect((await ingest.send(event())).statusCode).toBe(202);
      const unknown = await ingest.send(event(), { 'x-webhook-token': generateWebhookToken() });
      expect(unknown.statusCode).toBe(503);
      expect(unknown.json()).toMatchObject({ code: 'token_service_unavailable' });
      expect(unknown.headers['retry-after']).toBe('2');
    }
    expect(ingest.lines.every(({ level }) => level === 'warn')).toBe(true);
    expect(ingest.lines.length).toBeLessThanOrEqual(4);
  });

  it('what cannot be a token is still refused as such', async () => {
    ingest = await startIngest();
    ingest.tokenService.state = 'down';
    expect((await ingest.send(event(), { 'x-webhook-token': 'whk_abc123def456' })).statusCode).toBe(401);
  });
});

describe('a stop', () => {
  it('waits for the events that are being published', async () => {
    ingest = await startIngest();
    ingest.bus.is = 'silent';
    const answers = Array.from({ length: 10 }, (_, i) => ingest.send(event({ event_id: `${i}` })));
    await ingest.bus.asked.promise;
    let isDone = false;
    const stopped = Promise.resolve(ingest.service[Symbol.asyncDispose]()).then(() => (isDone = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isDone).toBe(false);
    ingest.bus.release.resolve();
    await stopped;
    expect(ingest.bus.messages).toHaveLength(10);
    for (const answer of answers) expect((await answer).statusCode).toBe(202);
  });
});
