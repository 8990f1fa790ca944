import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { VerifyTokenResponseSchema, type VerifyTokenResponse } from '@agent-platform/proto';
import type { AppError } from '@agent-platform/errors';
import { fakeTokenService, recordingLogger } from '../../tests/fixtures.ts';
import { createSourceChanges } from '../sources/source-changes.ts';
import { createTokenVerifier } from './token-verifier.ts';

const A = { sourceId: 'src_a', tokenId: 'tok_a' };

function setup() {
  const clock = { nowMs: 1_800_000_000_000 };
  const { service, tokens } = fakeTokenService();
  const changes = createSourceChanges();
  const deps = { tokens, changes, uses: { note: () => {} }, lookUpTimeoutMs: 1_500, clock: () => clock.nowMs };
  const { logger } = recordingLogger();
  const verifyToken = createTokenVerifier({ ...deps, logger });
  /** The source's id, or the code of the refusal. */
  const verify = async (token: string) => {
    try {
      return (await verifyToken(token)).sourceId;
    } catch (error) {
      return (error as AppError).code;
    }
  };
  return { clock, service, tokens, changes, deps, logger, verify, verifyToken };
}

const aTurn = () => new Promise(setImmediate);

describe('a source that has changed', () => {
  it('is asked for again at once, and no other', async () => {
    const { service, changes, verify } = setup();
    const [a, b] = [service.issue(A), service.issue({ sourceId: 'src_b' })];
    for (const token of [a, b]) await verify(token);
    changes.changed('src_a', '');
    service.revoke(a);
    service.asked.length = 0;
    expect(await verify(a)).toBe('token_refused');
    expect(await verify(b)).toBe('src_b');
    expect(service.asked).toEqual([a]);
  });

  it('is asked for once more when the change came while an answer was under way', async () => {
    const { service, tokens, changes, deps, logger } = setup();
    const token = service.issue(A);
    const answers: PromiseWithResolvers<VerifyTokenResponse>[] = [];
    const slow = () => {
      answers.push(Promise.withResolvers());
      return answers.at(-1)!.promise;
    };
    const verifyToken = createTokenVerifier({ ...deps, logger, tokens: { ...tokens, verifyToken: slow } });
    const before = verifyToken(token) as Promise<unknown>;
    changes.changed('src_a', '');
    const after = verifyToken(token) as Promise<unknown>;
    answers[0]!.resolve(create(VerifyTokenResponseSchema, { ...A, rateLimitPerSecond: 1 }));
    await aTurn();
    expect(answers).toHaveLength(2);
    answers[1]!.resolve(create(VerifyTokenResponseSchema, { ...A, rateLimitPerSecond: 2 }));
    for (const answer of [before, after]) expect(await answer).toMatchObject({ rateLimitPerSecond: 2 });
    expect(verifyToken(token)).toMatchObject({ rateLimitPerSecond: 2 });
    expect(answers).toHaveLength(2);
  });

  it('goes on as it was known while the token service is down', async () => {
    const { service, changes, verify } = setup();
    const token = service.issue(A);
    await verify(token);
    service.state = 'down';
    changes.changed('src_a', '');
    expect(await verify(token)).toBe('src_a');
  });
});

describe('after a gap', () => {
  it('everything is asked for again, what was refused as well', async () => {
    const { service, changes, verify } = setup();
    const [a, b] = [service.issue(A), service.issue()];
    for (const token of [a, b]) await verify(token);
    service.revoke(b);
    service.asked.length = 0;
    changes.missed();
    expect([await verify(a), await verify(b)]).toEqual(['src_a', 'token_refused']);
    expect(service.asked).toEqual([a, b]);
    changes.missed();
    await verify(b);
    expect(service.asked).toEqual([a, b, b]);
  });
});

describe('a token that is known to be revoked', () => {
  it.each(['up', 'down', 'silent'] as const)(
    'is refused at once, without waiting, while the token service is %s; others of its source are not',
    async (state) => {
      const { clock, service, changes, verify, verifyToken } = setup();
      const [revoked, other] = [service.issue(A), service.issue({ ...A, tokenId: 'tok_other' })];
      for (const token of [revoked, other]) await verify(token);
      service.state = state;
      changes.changed('src_a', 'tok_a');
      expect(() => verifyToken(revoked)).toThrow('X-Webhook-Token');
      clock.nowMs += 60_000;
      if (state !== 'up') expect(() => verifyToken(revoked)).toThrow('X-Webhook-Token');
      if (state !== 'silent') expect(await verify(other)).toBe('src_a');
    },
  );

  it('is refused to those whose answer was under way when that became known', async () => {
    const { service, changes, verify } = setup();
    const token = service.issue(A);
    const waiting = verify(token);
    // The token service has read the row, and the revocation comes before its answer does.
    changes.changed('src_a', 'tok_a');
    expect(await waiting).toBe('token_refused');
    expect(await verify(token)).toBe('token_refused');
  });

  it('is asked for apart from the request, every five seconds at most, so that its use can raise an alert', async () => {
    const { clock, service, changes, verify } = setup();
    const token = service.issue(A);
    await verify(token);
    changes.changed('src_a', 'tok_a');
    service.asked.length = 0;
    for (let i = 0; i < 50; i++) {
      expect(await verify(token)).toBe('token_refused');
      await aTurn();
      clock.nowMs += 200;
    }
    expect(service.asked).toHaveLength(2);
  });
});

describe('with no word from the bus', () => {
  it.each([0, 1_400])('a revoked token is refused within 6.5 s when answers take %i ms', async (answerMs) => {
    const { clock, service, tokens, deps, logger } = setup();
    const token = service.issue(A);
    const waiting: { atMs: number; answer: () => void }[] = [];
    /** What was true when it was asked, a while later. */
    const verifySlowly: typeof tokens.verifyToken = async (request) => {
      const answer = await tokens.verifyToken(request).catch((error: Error) => error);
      if (answerMs > 0) {
        await new Promise<void>((resolve) => waiting.push({ atMs: clock.nowMs + answerMs, answer: resolve }));
      }
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const verifyToken = createTokenVerifier({ ...deps, logger, tokens: { ...tokens, verifyToken: verifySlowly } });
    let lastAcceptedMs = 0;
    let revokedMs = Infinity;
    const startMs = clock.nowMs;
    // A request every 100 ms; the revocation comes right after an answer was read: the worst moment.
    for (; clock.nowMs < startMs + 30_000; clock.nowMs += 100) {
      for (const due of waiting.filter(({ atMs }) => atMs <= clock.nowMs)) {
        waiting.splice(waiting.indexOf(due), 1);
        due.answer();
      }
      await aTurn();
      const asked = service.asked.length;
      const sentMs = clock.nowMs;
      void Promise.resolve()
        .then(() => verifyToken(token))
        .then(
          () => (lastAcceptedMs = Math.max(lastAcceptedMs, clock.nowMs)),
          () => {},
        );
      await aTurn();
      if (revokedMs === Infinity && sentMs > startMs + 10_000 && service.asked.length > asked) {
        service.revoke(token);
        revokedMs = sentMs;
      }
    }
    expect(revokedMs).toBeLessThan(Infinity);
    expect(lastAcceptedMs - revokedMs).toBeGreaterThan(4_000);
    expect(lastAcceptedMs - revokedMs).toBeLessThanOrEqual(6_500);
  });

  it('a token that has ended is asked for apart from the request, so that its use can raise an alert', async () => {
    const { clock, service, verify } = setup();
    const token = service.issue({ ...A, expiresAt: timestampFromMs(clock.nowMs + 1_000) });
    await verify(token);
    service.revoke(token);
    clock.nowMs += 1_000;
    service.asked.length = 0;
    expect(await verify(token)).toBe('token_refused');
    await aTurn();
    expect(service.asked).toEqual([token]);
    expect(await verify(token)).toBe('token_refused');
    expect(service.asked).toEqual([token]);
  });
});
