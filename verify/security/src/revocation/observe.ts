import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '@agent-platform/client';
import type { Random } from '@agent-platform/harness';
import { revokeToken, rotateToken, sendEvent, statusOf } from '../tokens.ts';

/** How often each ingest is asked whether it still takes a token. */
const POLL_EVERY_MS = 15;
const GIVE_UP_AFTER_MS = 30_000;
/** Asked again this often after the first refusal: a refused token must never come back. */
const AFTERWARDS = 3;
const LONG_OVERLAP_SECONDS = 86_400;
/** A token is revoked this long after its last use, at most: what ingest knows of it is then of any age below that. */
const LAST_USED_BEFORE_MS = 1_000;

export interface ObservationTarget {
  readonly api: Api;
  readonly agent: Agent;
  readonly ingestUrls: readonly string[];
}

export interface Revocation {
  /** From the moment the request to revoke was sent to the first refusal, for each ingest; Infinity: never. */
  readonly latenciesMs: readonly number[];
  /** How long the request itself took. */
  readonly requestMs: number;
  /** Uses that were accepted after the same ingest had refused one. */
  readonly cameBack: number;
}

/** A new token that works everywhere is revoked. @throws Error when it does not work to begin with. */
export async function observeRevocation(o: ObservationTarget, source: string, random: Random): Promise<Revocation> {
  const { id, token } = await rotateToken(o.api, source, LONG_OVERLAP_SECONDS);
  for (const url of o.ingestUrls) {
    const answer = await sendEvent(o.agent, url, token, { event_type: 'token.used', payload: { id, url } });
    if (statusOf(answer) !== '202') throw new Error(`a fresh token was answered ${statusOf(answer)} by ${url}`);
  }
  await sleep(random.next() * LAST_USED_BEFORE_MS);
  const sentMs = performance.now();
  const revoking = revokeToken(o.api, source, id).then(() => performance.now() - sentMs);
  const [requestMs, ...seen] = await Promise.all([
    revoking,
    ...o.ingestUrls.map((url) => untilRefused(o.agent, url, token, sentMs)),
  ]);
  const cameBack = seen.reduce((sum, one) => sum + one.cameBack, 0);
  return { latenciesMs: seen.map(({ latencyMs }) => latencyMs), requestMs, cameBack };
}

async function untilRefused(agent: Agent, url: string, token: string, sentMs: number) {
  while (performance.now() - sentMs < GIVE_UP_AFTER_MS) {
    const due = performance.now() + POLL_EVERY_MS;
    if (await isRefused(agent, url, token)) {
      const latencyMs = performance.now() - sentMs;
      let cameBack = 0;
      for (let n = 0; n < AFTERWARDS; n++) {
        await sleep(POLL_EVERY_MS);
        if (!(await isRefused(agent, url, token))) cameBack++;
      }
      return { latencyMs, cameBack };
    }
    await sleep(Math.max(0, due - performance.now()));
  }
  return { latencyMs: Infinity, cameBack: 0 };
}

/**
 * Asks with an event that is not one: the token is checked first, so 400 says that it is still good, and hundreds of
 * questions a second leave no events behind.
 */
async function isRefused(agent: Agent, url: string, token: string): Promise<boolean> {
  const status = statusOf(await sendEvent(agent, url, token, {}));
  if (status !== '400' && status !== '401') throw new Error(`a token in question was answered ${status} by ${url}`);
  return status === '401';
}
