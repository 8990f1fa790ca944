import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { load } from '../load/load.ts';
import type { Options } from '../options.ts';
import { startChild } from '../processes/start-child.ts';
import type { FloodedResult } from '../report/report.ts';
import { startDeployment, type Deployment } from './deployment.ts';
import { MOST_EVENTS } from './runs.ts';

const TRIGGERS = 100;
const RATE = 300;
const CONNECTIONS = 64;
/** Nothing is done any more when no run has ended for so long. */
const STUCK_MS = 60_000;

/**
 * A hundred matching triggers for each of 300 events per second: far more runs than can be done. What senders see of it, and
 * how long the rest takes.
 *
 * @throws Error when one event was refused, or a run did not succeed.
 */
export async function measureFlooded(
  o: Options & { directory: string; say: (line: string) => void },
): Promise<FloodedResult> {
  await using resources = new AsyncDisposableStack();
  const mcp = resources.use(startChild('servers/mcp.ts', { events: MOST_EVENTS }));
  const { url: mcpServerUrl } = await mcp.message<{ url: string }>();
  const dataDir = join(o.directory, 'flooded');
  const deployment = await startDeployment('servers/platform.ts', { dataDir, mcpServerUrl }, resources);
  for (let n = 1; n < TRIGGERS; n++) {
    await deployment.api.call('POST', '/triggers', {
      name: `trigger-${n}`,
      event_type: 'invoice.uploaded',
      webhook_source: 'bench',
      agent_id: 'bench',
      tool_call: { tool: 'book', arguments: {} },
    });
  }
  const { port, token } = deployment;
  o.say(`flooding: ${TRIGGERS} runs for each of ${RATE} events/s, ${o.seconds} s`);
  const startMs = performance.now();
  const { requests, p50Ms, p99Ms } = await load({
    port,
    tokens: [token],
    connections: CONNECTIONS,
    status: 202,
    seconds: o.seconds,
    rate: RATE,
  });
  const runs = requests * TRIGGERS;
  await drained(deployment, runs, o.say);
  return { requests, runs, p50Ms, p99Ms, drainedSeconds: (performance.now() - startMs) / 1_000 };
}

async function drained(deployment: Deployment, runs: number, say: (line: string) => void): Promise<void> {
  let before = 0;
  let changedMs = performance.now();
  for (;;) {
    const { succeeded, other } = await deployment.runs();
    if (other > 0) throw new Error(`Nothing can be said: ${other} runs did not succeed`);
    if (succeeded >= runs) return;
    if (succeeded > before) changedMs = performance.now();
    else if (performance.now() - changedMs > STUCK_MS) throw new Error(`${runs - succeeded} runs do not end`);
    before = succeeded;
    say(`${succeeded} of ${runs} runs`);
    await sleep(5_000);
  }
}
