import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from 'node:http';
import { generateWebhookToken } from '@agent-platform/auth';
import type { Api } from '@agent-platform/client';
import type { ServiceProcess } from '@agent-platform/cluster';
import type { Answer } from '@agent-platform/harness';
import { atRate } from '../at-rate.ts';
import type { FindingsInProgress } from '../check.ts';
import { createSource, rotateToken, sendEvent, statusOf } from '../tokens.ts';

export interface AwayOptions {
  readonly api: Api;
  readonly agent: Agent;
  readonly ingestUrls: readonly string[];
  readonly tokenService: ServiceProcess;
  /** Each half with known, half with unknown tokens. */
  readonly requestsPerSecond: number;
  readonly durationMs: number;
}

const SOURCES = 5;
const RECOVERS_WITHIN_MS = 15_000;

/** Kills the token service, asks every ingest with tokens it knows and tokens it does not, and starts it again. */
export async function measureWhileAway(findings: FindingsInProgress, o: AwayOptions): Promise<void> {
  const names = Array.from({ length: SOURCES }, (_, n) => `known-${n + 1}`);
  const known = await Promise.all(names.map((name) => createSource(o.api, name)));
  const send = (url: string, token: string, n: number) =>
    sendEvent(o.agent, url, token, { event_type: 'request.sent', payload: { n } });
  for (const url of o.ingestUrls) {
    for (const token of known) {
      const status = statusOf(await send(url, token, 0));
      if (status !== '202') throw new Error(`a fresh token was answered ${status} by ${url}`);
    }
  }
  o.tokenService.kill();
  await o.tokenService.exited;
  const answers = { known: new Map<string, number>(), unknown: new Map<string, number>() };
  const load = atRate(o.requestsPerSecond, async (n) => {
    const url = o.ingestUrls[(n >> 1) % o.ingestUrls.length]!;
    const kind = n % 2 === 0 ? 'known' : 'unknown';
    const token = kind === 'known' ? known[n % known.length]! : generateWebhookToken();
    const what = described(await send(url, token, n));
    answers[kind].set(what, (answers[kind].get(what) ?? 0) + 1);
  });
  await sleep(o.durationMs);
  await load.stop();
  requireOnly(findings, 'token-service away, known tokens', answers.known, '202');
  requireOnly(findings, 'token-service away, unknown tokens', answers.unknown, '503 with Retry-After');

  await o.tokenService.start();
  const startedMs = performance.now();
  for (const url of o.ingestUrls) {
    const recovered = await soon(async () => statusOf(await send(url, generateWebhookToken(), 0)) === '401');
    if (!recovered) findings.problems.push(`unknown tokens are not refused by ${url} after token-service is back`);
  }
  findings.row('unknown tokens refused again after', `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
  const [rotated] = await Promise.all(names.map(async (name) => (await rotateToken(o.api, name, 60)).token));
  const statuses = await Promise.all(
    o.ingestUrls.flatMap((url) => [...known, rotated!].map(async (token) => statusOf(await send(url, token, 1)))),
  );
  const works = statuses.every((status) => status === '202');
  findings.require(works, 'known and new tokens afterwards', works ? 'accepted' : statuses.join(', '), 'accepted');
}

const described = (answer: Answer) =>
  answer.kind === 'answer' && answer.retryAfter !== undefined
    ? `${statusOf(answer)} with Retry-After`
    : statusOf(answer);

function requireOnly(findings: FindingsInProgress, what: string, answers: Map<string, number>, expected: string): void {
  const holds = answers.size === 1 && answers.has(expected);
  findings.require(
    holds,
    what,
    [...answers].map(([answer, count]) => `${count} × ${answer}`).join(', '),
    `all ${expected}`,
  );
}

async function soon(ask: () => Promise<boolean>): Promise<boolean> {
  for (const until = performance.now() + RECOVERS_WITHIN_MS; performance.now() < until; await sleep(50)) {
    if (await ask()) return true;
  }
  return false;
}
