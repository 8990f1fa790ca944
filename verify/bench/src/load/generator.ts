import { performance } from 'node:perf_hooks';
import { machineMs } from '../clock.ts';
import { childConfig, endWithParent, tell } from '../processes/child.ts';
import { percentile } from '@agent-platform/harness';
import { type Connection, openConnection } from './connection.ts';
import { eventRequest } from './event-request.ts';
import type { LoadConfig, LoadResult } from './load.ts';

endWithParent();
const config = childConfig<LoadConfig>();
const { port, tokens, connections, status: expected, firstNumber, count, seconds, rate } = config;

const latenciesMs = new Float64Array(count);
const answeredAtMs = new Float64Array(count);
const done = Promise.withResolvers<void>();
let sent = 0;
let answered = 0;
let wrong: string | undefined;

/** A connection and the number of the event it is waiting for. */
interface Lane {
  readonly connection: Connection;
  readonly request: ReturnType<typeof eventRequest>;
  index: number;
  sentAtMs: number;
}

const idle: Lane[] = [];
/** When nothing more is sent. */
let endMs = Infinity;

function sendOn(lane: Lane): void {
  lane.index = sent++;
  lane.request.setNumber(firstNumber + lane.index);
  lane.sentAtMs = performance.now();
  lane.connection.send(lane.request.bytes);
}

function proceed(lane: Lane, nowMs: number): void {
  const over = sent >= count || nowMs >= endMs;
  if (over && sent === answered) done.resolve();
  else if (!over && rate === undefined) sendOn(lane);
  else idle.push(lane);
}

async function openLane(token: string, series: string): Promise<Lane> {
  const connection = await openConnection(port, expected, {
    onAnswer({ status, body }) {
      const nowMs = performance.now();
      latenciesMs[lane.index] = nowMs - lane.sentAtMs;
      answeredAtMs[lane.index] = machineMs();
      answered++;
      if (status !== expected) {
        wrong ??= `${status} instead of ${expected}: ${body.slice(0, 500)}`;
        done.resolve();
      } else {
        proceed(lane, nowMs);
      }
    },
    onLost(error) {
      wrong ??= error.message;
      done.resolve();
    },
  });
  const lane: Lane = { connection, request: eventRequest(token, series), index: 0, sentAtMs: 0 };
  return lane;
}

const series = crypto.randomUUID();
const lanes = await Promise.all(
  Array.from({ length: connections }, (_, i) => openLane(tokens[i % tokens.length]!, `${series}/${i}`)),
);
const startMs = performance.now();
endMs = startMs + seconds * 1_000;
if (rate === undefined) {
  for (const lane of lanes) proceed(lane, startMs);
} else {
  idle.push(...lanes);
  // Every millisecond what is due by then; what finds no connection free waits for one, and is late.
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const due = Math.min(count, Math.floor(((Math.min(nowMs, endMs) - startMs) / 1_000) * rate));
    while (sent < due && idle.length > 0) sendOn(idle.shift()!);
    if (nowMs >= endMs && sent === answered) done.resolve();
  }, 1);
  void done.promise.finally(() => clearInterval(timer));
}
await done.promise;
const elapsedSeconds = (performance.now() - startMs) / 1_000;
for (const { connection } of lanes) connection[Symbol.dispose]();

const taken = latenciesMs.subarray(0, answered);
tell({
  wrong,
  requests: answered,
  perSecond: answered / elapsedSeconds,
  p50Ms: percentile(taken, 0.5),
  p99Ms: percentile(taken, 0.99),
  answeredAtMs: config.keepTimes ? answeredAtMs.slice(0, answered) : undefined,
} satisfies LoadResult);
