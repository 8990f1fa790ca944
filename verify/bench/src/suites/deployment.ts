import { Api } from '@agent-platform/client';
import { startChild } from '../processes/start-child.ts';

const MOST_PER_SECOND = 1_000_000;

/** Something that runs events through to tool calls. */
export interface Deployment {
  /** Where events go. */
  readonly port: number;
  readonly token: string;
  readonly api: Api;
  /** Runs that have ended well, and in any other way, since it was started. */
  runs(): Promise<{ succeeded: number; other: number }>;
}

/** Where the parts of a deployment are; on one machine they are one. */
interface Addresses {
  readonly url: string;
  readonly ingestUrl?: string;
  /** The dispatcher's. */
  readonly metricsUrl?: string;
}

/** Starts a platform, with a trigger that calls the tool for each event. `resources` ends it. */
export async function startDeployment(
  script: 'servers/platform.ts' | 'servers/cluster.ts',
  o: { dataDir: string; mcpServerUrl: string },
  resources: AsyncDisposableStack,
): Promise<Deployment> {
  const child = resources.use(startChild(script, { dataDir: o.dataDir }));
  const { url, ingestUrl = url, metricsUrl = url } = await child.message<Addresses>();
  const api = await Api.connect(url);
  const token = await provision(api, o.mcpServerUrl);
  return { port: Number(new URL(ingestUrl).port), token, api, runs: () => countRuns(metricsUrl) };
}

async function provision(api: Api, mcpServerUrl: string): Promise<string> {
  const name = 'bench';
  const source = { name, rate_limit_per_second: MOST_PER_SECOND };
  const created = await api.call<{ token: string }>('POST', '/webhook-sources', source);
  await api.call('POST', '/skills', { name, mcp_server_url: mcpServerUrl });
  await api.call('POST', '/agents', { name, skills: [name] });
  await api.call('POST', '/triggers', {
    name,
    event_type: 'invoice.uploaded',
    webhook_source: name,
    agent_id: name,
    tool_call: { tool: 'book', arguments: { n: '{{ .payload.n }}', invoice: '{{ .payload.invoice_id }}' } },
  });
  return created!.token;
}

/** Events that the platform has stored, and started runs for, since it was started. */
export async function countEvents(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^dispatcher_events_total\{outcome="stored"\} (\d+)/m.exec(text)?.[1] ?? 0);
}

async function countRuns(url: string): Promise<{ succeeded: number; other: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = { succeeded: 0, other: 0 };
  for (const [, outcome, count] of text.matchAll(/^dispatcher_runs_total\{outcome="(\w+)"\} (\d+)/gm)) {
    counts[outcome === 'succeeded' ? 'succeeded' : 'other'] += Number(count);
  }
  return counts;
}
