import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from 'node:http';
import type { Api } from '@agent-platform/client';
import type { Random } from '@agent-platform/harness';
import { atRate } from '../at-rate.ts';
import type { FindingsInProgress } from '../check.ts';
import { createSource, rotateToken, sendEvent, statusOf } from '../tokens.ts';
import { createSenders } from './senders.ts';

export interface RotatingOptions {
  readonly api: Api;
  readonly agent: Agent;
  readonly ingestUrls: readonly string[];
  readonly random: Random;
  readonly requestsPerSecond: number;
  readonly durationMs: number;
}

const SOURCE = 'rotated';
const ROTATE_EVERY_MS = 2_000;
const OVERLAP_MS = 6_000;
/** A request must arrive before the end of its token, not just leave. */
const MARGIN_MS = 1_000;
const SENDERS = 50;
const ENDS_WITHIN_MS = 15_000;

/** Rotates a source's token again and again under load. */
export async function measureWhileRotating(findings: FindingsInProgress, o: RotatingOptions): Promise<void> {
  const first = await createSource(o.api, SOURCE);
  const switchWithinMs = OVERLAP_MS - MARGIN_MS;
  const senders = createSenders({ senders: SENDERS, token: first, switchWithinMs, random: o.random });
  const counts = { accepted: 0, withOlder: 0 };
  const refused = new Map<string, number>();
  const startedMs = performance.now();
  const load = atRate(o.requestsPerSecond, async (n) => {
    const { token, isNewest } = senders.token(n, performance.now());
    const url = o.ingestUrls[n % o.ingestUrls.length]!;
    const answer = await sendEvent(o.agent, url, token, { event_type: 'request.sent', payload: { n } });
    const status = statusOf(answer);
    if (status === '202') counts.accepted++;
    else refused.set(status, (refused.get(status) ?? 0) + 1);
    if (!isNewest) counts.withOlder++;
  });
  let rotations = 0;
  try {
    for (let due = startedMs + ROTATE_EVERY_MS; due < startedMs + o.durationMs; due += ROTATE_EVERY_MS) {
      await sleep(Math.max(0, due - performance.now()));
      const sentMs = performance.now();
      senders.rotated((await rotateToken(o.api, SOURCE, OVERLAP_MS / 1_000)).token, sentMs);
      rotations++;
    }
    await sleep(Math.max(0, startedMs + o.durationMs - performance.now()));
  } finally {
    await load.stop();
  }
  const perSecond = counts.accepted / ((performance.now() - startedMs) / 1_000);
  findings.row('rotations', `${rotations}, one every ${ROTATE_EVERY_MS / 1_000} s, overlap ${OVERLAP_MS / 1_000} s`);
  findings.row('valid requests', `${counts.accepted}, ${perSecond.toFixed(0)}/s from ${SENDERS} senders`);
  findings.row('of them with an older token', counts.withOlder);
  const wrong = [...refused].map(([status, count]) => `${count} × ${status}`).join(', ');
  findings.require(wrong === '', 'valid requests refused', wrong || '0', '0');

  // Or nothing of the above says anything: a token that never ends is never refused.
  const ended = await Promise.all(o.ingestUrls.map((url) => endsSoon(o.agent, url, first)));
  findings.require(ended.every(Boolean), 'the first token has ended', ended.every(Boolean) ? 'yes' : 'no', 'yes');
}

async function endsSoon(agent: Agent, url: string, token: string): Promise<boolean> {
  const event = { event_type: 'request.sent', payload: { late: true } };
  for (const until = performance.now() + ENDS_WITHIN_MS; performance.now() < until; await sleep(100)) {
    if (statusOf(await sendEvent(agent, url, token, event)) === '401') return true;
  }
  return false;
}
