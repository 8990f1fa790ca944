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

/** Tenants that come one after the other, and stay. */
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
    title: 'beside 100,000 due runs and a server that takes 2 s',
    ...{ events: 5_000, triggers: 20, delayMs: 2_000, hostileSchemas: false, arguments: PLAIN },
  },
  {
    title: '… and a tenant with hostile schemas',
    ...{ events: 2_000, triggers: 5, delayMs: 1_000, hostileSchemas: true, arguments: PLAIN },
  },
  {
    title: '… and a tenant with hostile templates',
    ...{ events: 2_000, triggers: 5, delayMs: 1_000, hostileSchemas: false, arguments: HOSTILE },
  },
];

const CONNECTIONS = 16;
const WARM_UP_SECONDS = 2;

/** Event accepted → tool call received of one tenant, on an idle platform and then beside worse and worse neighbours. */
export async function measureNeighbour(
  o: Options & { directory: string; say: (line: string) => void },
): Promise<NeighbourResult> {
  await using resources = new AsyncDisposableStack();
  const mcp = resources.use(startChild('servers/mcp.ts', { events: MOST_EVENTS }));
  const { url: mcpServerUrl } = await mcp.message<{ url: string }>();
  const dataDir = join(o.directory, 'neighbour');
  o.say('starting a platform for two tenants and more');
  const platform = resources.use(startChild('servers/platform.ts', { dataDir }));
  const { url } = await platform.message<{ url: string }>();
  const port = Number(new URL(url).port);
  const quiet = await openTenant({ url, dataDir, orgId: 'org_quiet' });
  const token = await quiet.provision({ mcpServerUrl, triggers: 1, arguments: PLAIN });

  const measure = async (title: string) => {
    const rounds: Latency[] = [];
    for (let round = 1; round <= o.rounds; round++)
      rounds.push(await latency({ port, token, seconds: o.seconds, mcp }));
    o.say(`${title}: p99 ${rounds.map(({ p99Ms }) => p99Ms.toFixed(1)).join(', ')} ms`);
    return { title, rounds };
  };
  await latency({ port, token, seconds: WARM_UP_SECONDS, mcp });
  const idle = await measure('on an idle platform');
  const beside = [];
  for (const [index, noise] of NOISES.entries()) {
    const server = resources.use(startChild('servers/hostile-mcp.ts', noise));
    const hostile = await server.message<{ url: string }>();
    const tenant = await openTenant({ url, dataDir, orgId: `org_noise_${index}` });
    const noisy = await tenant.provision({ ...noise, mcpServerUrl: hostile.url });
    const stored = (await countEvents(url)) + noise.events;
    await load({
      port,
      tokens: [noisy],
      connections: CONNECTIONS,
      status: 202,
      seconds: 600,
      count: noise.events,
    });
    await until(async () => (await countEvents(url)) >= stored);
    beside.push(await measure(noise.title));
  }
  return { rate: LOW_RATE, idle, beside };
}

async function latency(o: { port: number; token: string; seconds: number; mcp: Child }): Promise<Latency> {
  const { port, token, seconds, mcp } = o;
  mcp.send({ forget: true });
  await mcp.message();
  const config = { port, tokens: [token], connections: CONNECTIONS, status: 202, seconds, keepTimes: true };
  const { requests, answeredAtMs } = await load({ ...config, rate: LOW_RATE });
  await until(async () => (await arrivals(mcp)).calls >= requests);
  const { atMs, calls } = await arrivals(mcp);
  if (calls !== requests) throw new Error(`Nothing can be said: ${requests} events, ${calls} calls`);
  const latenciesMs = answeredAtMs!.map((answeredMs, n) => atMs[n]! - answeredMs);
  return { rate: LOW_RATE, p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
}
