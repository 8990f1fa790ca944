import { join } from 'node:path';
import type { Options } from '../options.ts';
import { startChild } from '../processes/start-child.ts';
import type { ConfiguredFigures, ConfiguredResult } from '../report/report.ts';
import { startDeployment, type Deployment } from './deployment.ts';
import { completeRuns, MOST_EVENTS } from './runs.ts';

const FEW = 10;
const MANY = 10_000;
const AT_ONCE = 16;
const WARM_UP_SECONDS = 1;

interface Variant {
  readonly title: string;
  /** Besides the trigger that matches. */
  readonly triggers: number;
  readonly sources: number;
  readonly eventType: (n: number) => string;
}

/** The first one is the basis of the ratios. */
const VARIANTS: readonly Variant[] = [
  { title: `${FEW} triggers`, triggers: FEW - 1, sources: 1, eventType: (n) => `other.${n}` },
  { title: `${MANY} triggers of other types`, triggers: MANY - 1, sources: 1, eventType: (n) => `other.${n}` },
  {
    title: `${MANY} triggers of the same type, on other sources`,
    triggers: MANY - 1,
    sources: 100,
    eventType: () => 'invoice.uploaded',
  },
];

/** What an event that one trigger matches costs, with few and with many others configured: each on a platform of its own. */
export async function measureConfigured(
  o: Options & { directory: string; say: (line: string) => void },
): Promise<ConfiguredResult[]> {
  await using resources = new AsyncDisposableStack();
  const mcp = resources.use(startChild('servers/mcp.ts', { events: MOST_EVENTS }));
  const { url: mcpServerUrl } = await mcp.message<{ url: string }>();
  const measured: { deployment: Deployment; title: string; rounds: ConfiguredFigures[] }[] = [];
  for (const [index, variant] of VARIANTS.entries()) {
    const dataDir = join(o.directory, `configured-${index}`);
    const deployment = await startDeployment('servers/platform.ts', { dataDir, mcpServerUrl }, resources);
    o.say(`configuring ${variant.title}`);
    await configure(deployment, variant);
    await completeRuns(deployment, mcp, WARM_UP_SECONDS);
    measured.push({ deployment, title: variant.title, rounds: [] });
  }
  for (let round = 1; round <= o.rounds; round++) {
    for (const { deployment, title, rounds } of measured) {
      const runsPerSecond = await completeRuns(deployment, mcp, o.seconds);
      rounds.push({ runsPerSecond, bytesPerEvent: await bytesPerEvent(deployment) });
      o.say(`round ${round}, ${title}: ${runsPerSecond.toFixed(0)} runs/s`);
    }
  }
  return measured.map(({ title, rounds }) => ({ title, rounds }));
}

async function configure({ api }: Deployment, { triggers, sources, eventType }: Variant): Promise<void> {
  for (let n = 0; n < sources; n++) await api.call('POST', '/webhook-sources', { name: `source-${n}` });
  let next = 0;
  const make = async () => {
    for (let n = next++; n < triggers; n = next++) {
      await api.call('POST', '/triggers', {
        name: `trigger-${n}`,
        event_type: eventType(n),
        webhook_source: `source-${n % sources}`,
        agent_id: 'bench',
        tool_call: { tool: 'book', arguments: {} },
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, make));
}

/** Of what the API answers of the newest event and its runs: what is stored, spelled out. */
async function bytesPerEvent({ api }: Deployment): Promise<number> {
  const { events } = (await api.call<{ events: { id: string }[] }>('GET', '/events?page_size=1'))!;
  const { id } = events[0]!;
  const answers = await Promise.all([api.call('GET', `/events/${id}`), api.call('GET', `/runs?event_id=${id}`)]);
  return answers.reduce<number>((sum, answer) => sum + JSON.stringify(answer).length, 0);
}
