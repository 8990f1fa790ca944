import { join } from 'node:path';
import { load } from '../load/load.ts';
import type { Options } from '../options.ts';
import { type Child, startChild } from '../processes/start-child.ts';
import type { NeighbourResult } from '../report/report.ts';
import type { HostileServerConfig } from '../servers/hostile-mcp.ts';
import { percentile } from '@agent-platform/harness';
import { countEvents } from './deployment.ts';
import { arrivals, type Latency, LOW_RATE, MOST_EVENTS, until } from './runs.ts';
import { openTenant } from './tenants.ts';

interface Noise extends HostileServerConfig {
  readonly title: string;
  readonly events: number;
  readonly triggers: number;
  readonly arguments: object;
}

const PLAIN = { n: '{{ .payload.n }}', note: '{{ .payload.note }}' };
/** Eight lines in each of seven loops: more work than is allowed, so that all that is allowed is done for every run. */
const LOOPS = 7;
const HOSTILE = {
  n: '{{ .payload.n }}',
  note: '{{ range $.payload.lines }}'.repeat(LOOPS) + '{{ end }}'.repeat(LOOPS),
};

const NOISES: readonly Noise[] = [
  {
    title: '100,000 due runs and a server that takes 2 s',
    ...{ events: 5_000, triggers: 20, delayMs: 2_000, hostileSchemas: false, arguments: PLAIN },
  },
  {
    title: '40,000 due runs and a server that answers at once',
    ...{ events: 2_000, triggers: 20, delayMs: 0, hostileSchemas: false, arguments: PLAIN },
  },
  {
    title: 'hostile schemas, with 10,000 due runs',
    ...{ events: 2_000, triggers: 5, delayMs: 1_000, hostileSchemas: true, arguments: PLAIN },
  },
  {
    title: 'hostile templates, with 10,000 due runs',
    ...{ events: 2_000, triggers: 5, delayMs: 1_000, hostileSchemas: false, arguments: HOSTILE },
  },
];

const CONNECTIONS = 16;
/** A thousand events: by then what serves them is compiled, and an idle platform is as fast as it gets. */
const WARM_UP = { rate: 200, seconds: 5 };

/**
 * Event accepted → tool call received of one tenant, on an idle platform and then beside a neighbour; and beside all of
 * them at once. Each has a platform of its own, so that what it is compared with was measured in the same minute.
 */
export async function measureNeighbour(
  o: Options & { directory: string; say: (line: string) => void },
): Promise<NeighbourResult[]> {
  const results = [];
  for (const noises of [...NOISES.map((noise) => [noise]), NOISES]) {
    const title = noises.length === 1 ? noises[0]!.title : 'all four';
    const rounds = [];
    for (let round = 1; round <= o.rounds; round++) {
      const dataDir = join(o.directory, `neighbour-${results.length}-${round}`);
      const measured = await besideNoises(noises, { dataDir, seconds: o.seconds });
      o.say(`${title}: p99 ${measured.idle.p99Ms.toFixed(1)} → ${measured.beside.p99Ms.toFixed(1)} ms`);
      rounds.push(measured);
    }
    results.push({ title, rounds });
  }
  return results;
}

async function besideNoises(noises: readonly Noise[], o: { dataDir: string; seconds: number }) {
  const { dataDir, seconds } = o;
  await using resources = new AsyncDisposableStack();
  const mcp = resources.use(startChild('servers/mcp.ts', { events: MOST_EVENTS }));
  const { url: mcpServerUrl } = await mcp.message<{ url: string }>();
  const platform = resources.use(startChild('servers/platform.ts', { dataDir }));
  const { url } = await platform.message<{ url: string }>();
  const port = Number(new URL(url).port);
  const quiet = await openTenant({ url, dataDir, orgId: 'org_quiet' });
  const token = await quiet.provision({ mcpServerUrl, triggers: 1, arguments: PLAIN });
  const measure = () => latency({ port, token, mcp, rate: LOW_RATE, seconds });

  await latency({ port, token, mcp, ...WARM_UP });
  const idle = await measure();
  for (const [index, noise] of noises.entries()) {
    const server = resources.use(startChild('servers/hostile-mcp.ts', noise));
    const hostile = await server.message<{ url: string }>();
    const tenant = await openTenant({ url, dataDir, orgId: `org_noise_${index}` });
    const noisy = await tenant.provision({ ...noise, mcpServerUrl: hostile.url });
    const stored = (await countEvents(url)) + noise.events;
    const flood = { port, tokens: [noisy], connections: CONNECTIONS, status: 202, seconds: 600, count: noise.events };
    await load(flood);
    await until(async () => (await countEvents(url)) >= stored);
  }
  return { idle, beside: await measure() };
}

async function latency(o: {
  port: number;
  token: string;
  rate: number;
  seconds: number;
  mcp: Child;
}): Promise<Latency> {
  const { port, token, rate, seconds, mcp } = o;
  mcp.send({ forget: true });
  await mcp.message();
  const config = { port, tokens: [token], connections: CONNECTIONS, status: 202, seconds, rate, keepTimes: true };
  const { requests, answeredAtMs } = await load(config);
  await until(async () => (await arrivals(mcp)).calls >= requests);
  const { atMs, calls } = await arrivals(mcp);
  if (calls !== requests) throw new Error(`Nothing can be said: ${requests} events, ${calls} calls`);
  const latenciesMs = answeredAtMs!.map((answeredMs, n) => atMs[n]! - answeredMs);
  return { rate, p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
}
