import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { generateWebhookToken } from '@agent-platform/auth';
import type { AppError } from '@agent-platform/errors';
import { fakeTokenService, recordingLogger } from '../../tests/fixtures.ts';
import { createSourceChanges } from '../sources/source-changes.ts';
import { createTokenVerifier } from './token-verifier.ts';
import type { WebhookSource } from './webhook-source.ts';

function setup() {
  const clock = { nowMs: 1_800_000_000_000 };
  const { service, tokens } = fakeTokenService();
  const { logger, lines } = recordingLogger();
  const changes = createSourceChanges();
  const uses = { note: () => {} };
  const verifyToken = createTokenVerifier({
    tokens,
    uses,
    changes,
    lookUpTimeoutMs: 50,
    logger,
    clock: () => clock.nowMs,
  });
  /** The source's id, or the code of the refusal. */
  const verify = async (token: string | undefined) => {
    try {
      return (await verifyToken(token)).sourceId;
    } catch (error) {
      return (error as AppError).code;
    }
  };
  return { clock, service, lines, verifyToken, verify };
}

describe('token verifier', () => {
  it('asks once for many requests at a time, and again only after 5 s', async () => {
    const { clock, service, verify } = setup();
    const token = service.issue({ sourceId: 'src_a' });
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify(token)));
    expect(new Set(answers)).toEqual(new Set(['src_a']));
    expect(service.asked).toHaveLength(1);
    clock.nowMs += 4_999;
    expect(await verify(token)).toBe('src_a');
    expect(service.asked).toHaveLength(1);
    clock.nowMs += 1;
    await Promise.all(Array.from({ length: 50 }, () => verify(token)));
    expect(service.asked).toHaveLength(2);
  });

  it('answers a fresh token without waiting', async () => {
    const { service, verifyToken } = setup();
    const token = service.issue();
    await verifyToken(token);
    expect(verifyToken(token)).not.toBeInstanceOf(Promise);
  });

  it('refuses what cannot be a token without asking', async () => {
    const { service, verify } = setup();
    const token = service.issue();
    const typo = token.slice(0, 10) + (token[10] === 'a' ? 'b' : 'a') + token.slice(11);
    for (const text of [undefined, '', 'whk_abc123def456', typo, `${token}, ${token}`, `Bearer ${token}`]) {
      expect(await verify(text)).toBe('token_refused');
    }
    expect(service.asked).toEqual([]);
  });

  it('refuses a revoked token from 5 s after it was last asked for, while the token service answers', async () => {
    const { clock, service, verify } = setup();
    const token = service.issue();
    await verify(token);
    service.revoke(token);
    clock.nowMs += 5_000;
    expect(await verify(token)).toBe('token_refused');
  });

  it('remembers for 5 s that a token is unknown', async () => {
    const { clock, service, verify } = setup();
    const unknown = generateWebhookToken();
    for (let i = 0; i < 10; i++) expect(await verify(unknown)).toBe('token_refused');
    expect(service.asked).toHaveLength(1);
    clock.nowMs += 5_000;
    expect(await verify(unknown)).toBe('token_refused');
    expect(service.asked).toHaveLength(2);
  });

  it('ends a token at its expiry, without waiting for an answer', async () => {
    const { clock, service, verify, verifyToken } = setup();
    const token = service.issue({ sourceId: 'src_a', expiresAt: timestampFromMs(clock.nowMs + 2_000) });
    expect(await verify(token)).toBe('src_a');
    clock.nowMs += 1_999;
    expect(await verify(token)).toBe('src_a');
    clock.nowMs += 1;
    service.state = 'silent';
    expect(() => verifyToken(token)).toThrow('X-Webhook-Token');
  });

  it('ends a token to the millisecond of its expiry', async () => {
    const { clock, service, verify } = setup();
    const token = service.issue({ sourceId: 'src_a', expiresAt: timestampFromMs(clock.nowMs + 2_500) });
    await verify(token);
    clock.nowMs += 2_499;
    expect(await verify(token)).toBe('src_a');
    clock.nowMs += 1;
    expect(await verify(token)).toBe('token_refused');
  });

  describe.each(['down', 'silent'] as const)('while the token service is %s', (state) => {
    it('takes known tokens for 5 minutes and answers 503 for unknown ones, never 401', async () => {
      const { clock, service, verify } = setup();
      const token = service.issue({ sourceId: 'src_a' });
      await verify(token);
      service.state = state;
      for (let i = 0; i < 59; i++) {
        clock.nowMs += 5_000;
        expect(await verify(token)).toBe('src_a');
        expect(await verify(generateWebhookToken())).toBe('token_service_unavailable');
      }
      clock.nowMs += 5_000;
      expect(await verify(token)).toBe('token_service_unavailable');
    });

    it('asks about once a second, whatever comes in', async () => {
      const { clock, service, verify } = setup();
      const token = service.issue({ sourceId: 'src_a' });
      await verify(token);
      service.state = state;
      service.asked.length = 0;
      clock.nowMs += 5_000;
      await verify(token);
      for (let i = 0; i < 100; i++) {
        clock.nowMs += 100;
        await Promise.all([verify(token), verify(generateWebhookToken()), verify(generateWebhookToken())]);
      }
      expect(service.asked.length).toBeLessThanOrEqual(12);
    });

    it('does not take a known token past its expiry', async () => {
      const { clock, service, verify } = setup();
      const token = service.issue({ expiresAt: timestampFromMs(clock.nowMs + 10_000) });
      await verify(token);
      service.state = state;
      clock.nowMs += 10_000;
      expect(await verify(token)).toBe('token_refused');
    });

    it('notices within a second that it is back, and what was revoked meanwhile', async () => {
      const { clock, service, verify } = setup();
      const [revoked, live] = [service.issue(), service.issue({ sourceId: 'src_live' })];
      await verify(revoked);
      service.state = state;
      clock.nowMs += 5_000;
      expect(await verify(revoked)).toMatch(/^src_/);
      service.revoke(revoked);
      service.state = 'up';
      clock.nowMs += 1_000;
      // The first request after a second finds out, and need not wait for it.
      await verify(revoked);
      await new Promise(setImmediate);
      expect(await verify(revoked)).toBe('token_refused');
      expect(await verify(live)).toBe('src_live');
    });
  });

  it('makes known tokens wait for the first answer that does not come, and no more after it', async () => {
    const { clock, service, verifyToken } = setup();
    const token = service.issue();
    await verifyToken(token);
    service.state = 'down';
    clock.nowMs += 5_000;
    expect(verifyToken(token)).toBeInstanceOf(Promise);
    await new Promise(setImmediate);
    for (let i = 0; i < 20; i++) {
      clock.nowMs += 400;
      expect(verifyToken(token)).not.toBeInstanceOf(Promise);
      await new Promise(setImmediate);
    }
  });

  it('revalidates known tokens under a flood of unknown ones', async () => {
    const { clock, service, verify } = setup();
    const token = service.issue({ sourceId: 'src_a' });
    await verify(token);
    clock.nowMs += 5_000;
    const flood = Array.from({ length: 1_500 }, () => verify(generateWebhookToken()));
    expect(await verify(token)).toBe('src_a');
    expect(service.asked.filter((asked) => asked === token)).toHaveLength(2);
    const answers = await Promise.all(flood);
    expect(answers.filter((answer) => answer === 'token_service_unavailable')).toHaveLength(500);
  });

  it('logs an outage once, with no token in it', async () => {
    const { service, lines, verify } = setup();
    service.state = 'down';
    const tokens = Array.from({ length: 20 }, () => generateWebhookToken());
    await Promise.all(tokens.map(verify));
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
    for (const token of tokens) expect(JSON.stringify(lines)).not.toContain(token);
  });

  it('passes on what the token service says of the source', async () => {
    const { clock, service, verifyToken } = setup();
    const expiresAt = timestampFromMs(clock.nowMs + 60_000);
    const token = service.issue({
      orgId: 'org_z',
      sourceId: 'src_z',
      tokenId: 'tok_z',
      rateLimitPerSecond: 7,
      expiresAt,
    });
    expect(await verifyToken(token)).toEqual({
      orgId: 'org_z',
      sourceId: 'src_z',
      tokenId: 'tok_z',
      deduplicatesContent: true,
      rateLimitPerSecond: 7,
      defaultEventType: '',
      expiresAtMs: clock.nowMs + 60_000,
      signature: undefined,
    } satisfies WebhookSource);
  });
});
