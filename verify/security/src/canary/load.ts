import type { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '@agent-platform/client';
import type { Cluster } from '@agent-platform/cluster';
import { atRate } from '../at-rate.ts';
import { sendEvent, statusOf } from '../tokens.ts';

export interface LoadOptions {
  readonly api: Api;
  readonly agent: Agent;
  readonly cluster: Cluster;
  readonly token: string;
  /** The first one gets the load. */
  readonly eventTypes: readonly string[];
  readonly events: number;
  readonly eventsPerSecond: number;
  /** What happens while the load is on. */
  readonly interrupt: () => Promise<void>;
}

export interface LoadResult {
  readonly accepted: number;
  /** By status. */
  readonly runs: ReadonlyMap<string, number>;
  /** An id that stands wherever events do, as a tenant's word and as the platform's. */
  readonly marker: string;
  readonly markerId: string;
}

interface RunSummary {
  readonly status: string;
  readonly attempts: number;
}

interface Page {
  readonly runs: readonly RunSummary[];
  readonly next_page_token?: string;
}

/** Fewer than it takes to open the circuit of a skill. */
const EVENTS_PER_SKILL = 3;
const SETTLED_WITHIN_MS = 90_000;
const MARKER = 'marker-of-the-canary-search';

/** Sends events of every kind, and many of one, and waits until every run has ended or keeps being tried again. */
export async function loadEverything(o: LoadOptions): Promise<LoadResult> {
  const urls = o.cluster.ingests.map(({ url }) => url);
  let accepted = 0;
  let markerId = '';
  const send = async (eventType: string, id: string, n: number) => {
    const event = { event_type: eventType, payload: { id, n } };
    const answer = await sendEvent(o.agent, urls[n % urls.length]!, o.token, event);
    if (answer.kind === 'cut' || answer.status !== 202) throw new Error(`an event was answered ${statusOf(answer)}`);
    accepted++;
    return (JSON.parse(answer.body) as { event_id: string }).event_id;
  };
  for (const eventType of o.eventTypes) {
    for (let n = 0; n < EVENTS_PER_SKILL; n++) markerId = await send(eventType, MARKER, n);
  }
  const failures: unknown[] = [];
  const [eventType] = o.eventTypes as [string];
  const load = atRate(o.eventsPerSecond, async (n) => {
    if (n < o.events) await send(eventType, `event-${n}`, n).catch((error: unknown) => failures.push(error));
  });
  try {
    await o.interrupt();
    await sleep((o.events / o.eventsPerSecond) * 1_000);
  } finally {
    await load.stop();
  }
  if (failures.length > 0) throw failures[0];
  return { accepted, runs: await untilSettled(o.api), marker: MARKER, markerId };
}

async function untilSettled(api: Api): Promise<Map<string, number>> {
  for (const until = performance.now() + SETTLED_WITHIN_MS; ; await sleep(500)) {
    const runs = await allRuns(api);
    // A server that is dead or fails is tried again for longer than this waits; two attempts leave every kind of trace.
    const open = runs.filter(({ status, attempts }) => ['queued', 'running'].includes(status) && attempts < 2);
    if (open.length === 0) return counted(runs);
    if (performance.now() > until) throw new Error(`${open.length} runs do not come to an end`);
  }
}

function counted(runs: readonly RunSummary[]): Map<string, number> {
  return new Map([...Map.groupBy(runs, ({ status }) => status)].map(([status, all]) => [status, all.length]));
}

async function allRuns(api: Api): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  for (let token: string | undefined = ''; token !== undefined;) {
    const path: string = `/runs?page_size=1000&page_token=${token}`;
    const page: Page = (await api.call<Page>('GET', path))!;
    runs.push(...page.runs);
    token = page.next_page_token || undefined;
  }
  return runs;
}
