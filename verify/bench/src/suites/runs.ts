import { setTimeout as sleep } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import { load } from '../load/load.ts';
import { type Child, startChild } from '../processes/start-child.ts';
import type { Arrivals } from '../servers/mcp.ts';
import { percentile } from '@agent-platform/harness';
import type { Deployment } from './deployment.ts';

/** As many tool calls at a time as a dispatcher makes. */
const CONCURRENCY = 128;
const CONNECTIONS = 64;
const RUNS_FOR_EACH_SECOND = 1_000;
export const LOW_RATE = 50;
/** Of what the flood has reached: what arrives must be done as it comes. */
const SUSTAINED = 0.8;
const GIVE_UP_MS = 120_000;

export const MOST_EVENTS = 1_000_000;

export interface Latency {
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Tool calls per second that a bare client makes. */
export async function bareCalls(mcpServerUrl: string, seconds: number): Promise<number> {
  await using child = startChild('load/call-loop.ts', { url: mcpServerUrl, concurrency: CONCURRENCY, seconds });
  return await child.message<number>();
}

/** Complete runs per second: from the first event of many to the last run that is done and written. */
export async function completeRuns(deployment: Deployment, mcp: Child, seconds: number): Promise<number> {
  const count = seconds * RUNS_FOR_EACH_SECOND;
  const { port, token } = deployment;
  const before = await reset(deployment, mcp);
  const startMs = performance.now();
  await load({ port, tokens: [token], connections: CONNECTIONS, status: 202, seconds: 600, count });
  await finish(deployment, mcp, before + count, count);
  return count / ((performance.now() - startMs) / 1_000);
}

/** Event accepted → tool call received, at a steady rate. */
export async function latency(deployment: Deployment, mcp: Child, rate: number, seconds: number): Promise<Latency> {
  const { port, token } = deployment;
  const before = await reset(deployment, mcp);
  const config = { port, tokens: [token], connections: CONNECTIONS, status: 202, seconds, rate, keepTimes: true };
  const { requests, answeredAtMs } = await load(config);
  const { atMs } = await finish(deployment, mcp, before + requests, requests);
  const latenciesMs = answeredAtMs!.map((answeredMs, n) => atMs[n]! - answeredMs);
  return { rate, p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
}

export const lowLoad = (deployment: Deployment, mcp: Child, seconds: number) =>
  latency(deployment, mcp, LOW_RATE, seconds);

export const sustainedLoad = (deployment: Deployment, mcp: Child, seconds: number, mostPerSecond: number) =>
  latency(deployment, mcp, Math.floor(mostPerSecond * SUSTAINED), seconds);

/** @returns the runs that had succeeded by then. */
async function reset(deployment: Deployment, mcp: Child): Promise<number> {
  mcp.send({ forget: true });
  await mcp.message<Arrivals>();
  return (await deployment.runs()).succeeded;
}

/** Waits for the runs of all events. @throws Error unless each of them succeeded with exactly one call. */
async function finish(deployment: Deployment, mcp: Child, succeeded: number, count: number): Promise<Arrivals> {
  // The MCP server is asked first, because the metrics of the platform cost it something.
  await until(async () => (await arrivals(mcp)).calls >= count);
  await until(async () => {
    const runs = await deployment.runs();
    if (runs.other > 0) throw new Error(`Nothing can be said: ${runs.other} runs did not succeed`);
    return runs.succeeded >= succeeded;
  });
  const { atMs, calls } = await arrivals(mcp);
  const called = atMs.subarray(0, count).filter((ms) => ms > 0).length;
  if (called === count && calls === count) return { atMs, calls };
  throw new Error(`Nothing can be said: ${count} events, ${calls} calls for ${called} of them`);
}

export async function arrivals(mcp: Child): Promise<Arrivals> {
  mcp.send({});
  return mcp.message<Arrivals>();
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + GIVE_UP_MS;
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new Error(`It has not come to that within ${GIVE_UP_MS} ms`);
    await sleep(20);
  }
}
