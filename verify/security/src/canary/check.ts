import { Agent } from 'node:http';
import type { Api } from '@agent-platform/client';
import { createFindings, type Check, type CheckContext, type Findings } from '../check.ts';
import { startCluster } from '../start-cluster.ts';
import { createSource } from '../tokens.ts';
import { askApi, askMetrics } from './answers.ts';
import { startCollector } from './collector.ts';
import { dumpDatabases } from './databases.ts';
import { startEchoServer, type EchoServer } from './echo-server.ts';
import { PLACES, searchThrough, type Evidence, type Found, type Place, type Searched } from './evidence.ts';
import { noteEnvironment, readFiles } from './files.ts';
import { loadEverything } from './load.ts';
import { misuseSkills, misuseTokens, writeWithoutTokenService } from './misuse.ts';
import { startModel, type Model } from './model.ts';
import { createSearch } from './search.ts';
import { createSecrets } from './secrets.ts';
import { provisionOAuthSkills } from './oauth-skills.ts';
import { startOAuthServer } from './oauth-server.ts';
import { provisionSkills, type ProvisionedSkill } from './skills.ts';
import { dumpTopics } from './topics.ts';

export const canary: Check = {
  name: 'canary',
  title: 'no token or credential is found anywhere after a load run',
  run: (context) => measureCanary(context, { events: 1_000 }),
};

const SOURCE = 'canary';
const EVENTS_PER_SECOND = 50;
const MOST_SHOWN = 2;

/** @param o.events - of the load, besides those that show each way to leak. */
export async function measureCanary({ random, say }: CheckContext, o: { events: number }): Promise<Findings> {
  const secrets = createSecrets(random.fork('secrets'));
  await using collector = await startCollector();
  await using echo = await startEchoServer();
  await using oauth = await startOAuthServer(secrets);
  await using model = await startModel();
  const modelKey = secrets.fresh('the API key of the model');
  await using running = await startCluster({
    ingests: 2,
    environment: (service) => ({
      LOG_LEVEL: 'trace',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...(service === 'dispatcher' && { OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: modelKey }),
    }),
  });
  const { cluster, api } = running;
  await noteEnvironment(cluster, secrets);
  const agent = new Agent({ keepAlive: true });
  const world = { api, agent, cluster, secrets };
  const token = secrets.noteToken('the token of the load', await createSource(api, SOURCE));
  const at = { echoUrl: echo.url, deadUrl: 'http://127.0.0.1:9/mcp', source: SOURCE };
  const skills = await provisionSkills(api, { ...at, secrets });
  const oauthTypes = await provisionOAuthSkills(api, { url: oauth.url, source: SOURCE, secrets });
  say(`  ${skills.length} + ${oauthTypes.length} ways to leak a credential, ${o.events} events besides`);
  const events = { events: o.events, eventsPerSecond: EVENTS_PER_SECOND };
  const interrupt = async () => {
    await misuseTokens(world);
    await misuseSkills(world);
    await writeWithoutTokenService(world);
  };
  const load = await loadEverything({
    ...world,
    token,
    eventTypes: [...skills.map(({ eventType }) => eventType), ...oauthTypes],
    ...events,
    interrupt,
  });
  agent.destroy();
  say(`  searching for ${secrets.all.length} secrets`);
  const evidence = gather({ ...running, collector, echo, model, skills });
  const markers = [load.marker, load.markerId].map((marker) => Buffer.from(marker));
  const searched = await searchThrough(evidence, { search: createSearch(secrets.all), markers });
  return findingsOf({ ...searched, secrets: secrets.all.length, load });
}

/** First what is asked of running services, then what they leave behind. */
async function* gather(o: {
  cluster: Parameters<typeof readFiles>[0];
  api: Api;
  collector: { readonly bodies: readonly Buffer[] };
  echo: EchoServer;
  model: Model;
  skills: readonly ProvisionedSkill[];
}): AsyncGenerator<Evidence> {
  const { cluster } = o;
  yield* askApi(o.api);
  yield* askMetrics(cluster);
  // With the last traces and lines of the log.
  await Promise.all(cluster.processes.map((process) => process.stop()));
  yield* dumpDatabases(cluster.databases.dispatcher);
  yield* await dumpTopics(cluster.busUrl);
  yield* readFiles(cluster);
  for (const content of o.collector.bodies) yield { place: 'traces', name: 'export', content };
  const content = Buffer.from(o.model.received.join('\n'));
  yield { place: 'requests to models', name: 'requests', content };
  for (const { name, secret } of o.skills) {
    const received = Buffer.from((o.echo.received.get(name) ?? []).join('\n'));
    yield { place: 'requests to MCP servers', name, content: received, except: secret };
  }
}

interface Outcome extends Searched {
  readonly secrets: number;
  readonly load: Awaited<ReturnType<typeof loadEverything>>;
}

function findingsOf(o: Outcome): Findings {
  const findings = createFindings();
  const { load } = o;
  findings.row('events accepted', load.accepted);
  findings.row('runs', [...load.runs].map(([status, count]) => `${count} ${status}`).join(', '));
  findings.row('secrets looked for', `${o.secrets}, each in plain, JSON, URL, hex, base64 and base64url`);
  for (const [place, { hasMarker }] of Object.entries(PLACES) as [Place, { hasMarker: boolean }][]) {
    const hits = o.hits.filter((hit) => hit.place === place);
    const mib = ((o.bytes.get(place) ?? 0) / 2 ** 20).toFixed(1);
    findings.row(place, `${hits.length} hits in ${mib} MiB, ${o.pieces.get(place) ?? 0} pieces`, '0');
    const marked = o.marked.get(place) ?? [];
    if (hasMarker && marked.length === 0) findings.problems.push(`${place}: not even the marker was found`);
    if ((o.bytes.get(place) ?? 0) === 0) findings.problems.push(`${place}: there was nothing to search`);
  }
  findings.problems.push(...[...Map.groupBy(o.hits, (hit) => hit.secret)].map(describeLeak));
  return findings;
}

/** Every place a secret was found in, and there the first few tables, files or answers. Never the secret itself. */
function describeLeak([secret, hits]: [string, readonly Found[]]): string {
  const places = [...Map.groupBy(hits, ({ place }) => place)].map(([place, all]) => {
    const names = [...new Set(all.map(({ name, form }) => `${name} (${form})`))];
    const more = names.length > MOST_SHOWN ? `, … (${names.length})` : '';
    return `${place}: ${names.slice(0, MOST_SHOWN).join(', ')}${more}`;
  });
  return `${secret} was found in ${places.join('; ')}`;
}
