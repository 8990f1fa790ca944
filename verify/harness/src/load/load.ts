import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { draw, type Mix } from './mix.ts';
import { createLedger, noteAcknowledged, noteWrong, type Ledger, type Sending } from './ledger.ts';
import { post } from './post.ts';

/** How a source's sender tells that an event is a repetition; `none`: it never repeats one. */
export type Repeats = 'key' | 'content' | 'none';

export interface LoadedSource {
  readonly name: string;
  readonly token: string;
  readonly repeats: Repeats;
}

export interface LoadOptions {
  /** Of every ingest; a sender turns to the next one with an event that its own does not answer. */
  readonly urls: readonly string[];
  readonly sources: readonly LoadedSource[];
  readonly random: Random;
  /** All sources together. */
  readonly eventsPerSecond: number;
  readonly mix: Mix;
}

export interface Load {
  readonly ledger: Ledger;
  /** Resolves when every request under way has its answer. */
  stop(): Promise<void>;
}

/** Senders at once, of each source. Each waits for its answer before it sends the next event. */
const LANES = 10;
const RETRY_AFTER_MOST_MS = 1_000;
const CUT_PAUSE_MS = 100;
/** A lane that an outage has put back further than this does not make up for the rest. */
const MOST_BEHIND_MS = 3_000;

/** Sends events at a steady rate until stopped, and keeps the books. */
export function startLoad(o: LoadOptions): Load {
  const ledger = createLedger();
  const agent = new Agent({ keepAlive: true });
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number) => sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
  const intervalMs = (1_000 * LANES * o.sources.length) / o.eventsPerSecond;

  /** @returns whether the event was acknowledged. */
  async function attempt(source: LoadedSource, sending: Sending, body: string, via: string): Promise<boolean> {
    const headers = {
      'content-type': 'application/json',
      'x-webhook-token': source.token,
      ...(source.repeats === 'key' && { 'idempotency-key': sending.id }),
    };
    const startedMs = performance.now();
    const answer = await post(agent, `${via}/webhooks/events`, headers, body);
    const tookMs = performance.now() - startedMs;
    if (answer.kind === 'cut') {
      ledger.unknown++;
      await pause(CUT_PAUSE_MS);
      return false;
    }
    if (answer.status === 202) {
      noteAcknowledged(ledger, sending, (JSON.parse(answer.body) as { event_id: string }).event_id, tookMs);
      return true;
    }
    if (answer.status !== 503 && answer.status !== 429) {
      noteWrong(ledger, `${answer.status} ${answer.body.slice(0, 200)}`);
      await pause(CUT_PAUSE_MS);
      return false;
    }
    ledger.refused++;
    ledger.slowestRefusalMs = Math.max(ledger.slowestRefusalMs, tookMs);
    if (answer.retryAfter === undefined) noteWrong(ledger, `${answer.status} without Retry-After`);
    await pause(Math.min(RETRY_AFTER_MOST_MS, 1_000 * Number(answer.retryAfter ?? 1)));
    return false;
  }

  async function runLane(source: LoadedSource, lane: number): Promise<void> {
    const random = o.random.fork(`${source.name}/${lane}`);
    let dueMs = performance.now() + random.next() * intervalMs;
    for (let n = 0; ; n++) {
      await pause(dueMs - performance.now());
      if (signal.aborted) return;
      dueMs = Math.max(dueMs + intervalMs, performance.now() - MOST_BEHIND_MS);
      const id = `${source.name}/${lane}/${n}`;
      const { eventType, slowMs } = draw(random, o.mix);
      const body = JSON.stringify({ event_type: eventType, payload: { id, slow_ms: slowMs } });
      const sending: Sending = { id, source: source.name, lane, n, eventType };
      ledger.sendings.push(sending);
      // Each event goes to the lane's own ingest first: otherwise a few kills put all lanes on one.
      let turn = lane;
      while (!(await attempt(source, sending, body, o.urls[turn % o.urls.length]!))) {
        turn++;
        if (signal.aborted || source.repeats === 'none') break;
      }
    }
  }

  const lanes = o.sources.flatMap((source) => Array.from({ length: LANES }, (_, lane) => runLane(source, lane)));
  return {
    ledger,
    async stop() {
      stopping.abort();
      await Promise.all(lanes);
      agent.destroy();
    },
  };
}
