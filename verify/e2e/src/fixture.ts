import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Platform, readPlatformConfig } from '@agent-platform/platform';
import { Api } from '@agent-platform/client';

export interface Step {
  number: number;
  kind: string;
  status: string;
  skill: string;
  tool: string;
  arguments?: Record<string, unknown>;
  result?: unknown;
  error?: { code: string; message: string };
}

export interface Run {
  id: string;
  event_id: string;
  trigger: string;
  status: string;
  attempts: number;
  warnings: string[];
  error?: { code: string; message: string };
  steps: Step[];
}

export interface Decision {
  trigger: string;
  matched: boolean;
  reason: string;
  run_id: string;
}

export interface Event {
  id: string;
  payload: Record<string, unknown>;
  duplicate_of: string;
  duplicates: { delivery_id: string }[];
  decisions: Decision[];
}

/** A data directory of its own, gone afterwards. */
export async function temporaryDataDir() {
  const path = await mkdtemp(join(tmpdir(), 'agent-platform-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** The platform as `npm start` runs it, on a free port, with fresh data. */
export async function startPlatform(env: Record<string, string> = {}) {
  await using stack = new AsyncDisposableStack();
  const dataDir = stack.use(await temporaryDataDir());
  const config = readPlatformConfig({ PORT: '0', DATA_DIR: dataDir.path, LOG_LEVEL: 'fatal', ...env });
  const platform = stack.use(await Platform.create(config));
  const api = await Api.connect(platform.url);
  const owned = stack.move();
  return { url: platform.url, ingests: [platform.url], api, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Asks until the answer is there. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(20);
  }
}

export const send = (url: string, token: string, body: object | string, headers: Record<string, string> = {}) =>
  fetch(`${url}/webhooks/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-webhook-token': token, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Sends an event that must be accepted. */
export async function accepted(
  url: string,
  token: string,
  body: object,
  headers?: Record<string, string>,
): Promise<string> {
  const answer = await send(url, token, body, headers);
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`expected 202, got ${answer.status}: ${text}`);
  return (JSON.parse(text) as { event_id: string }).event_id;
}

export const processed = (api: Api, eventId: string) =>
  until(`event ${eventId}`, () => api.call<Event>('GET', `/events/${eventId}`));

export const runsOf = async (api: Api, eventId: string) =>
  (await api.call<{ runs: Run[] }>('GET', `/runs?event_id=${eventId}`))!.runs;

/** The one run of an event, once it has ended, with its steps. */
export async function ended(api: Api, eventId: string): Promise<Run> {
  return until(`the run of ${eventId}`, async () => {
    const [summary] = await runsOf(api, eventId);
    if (!summary || ['queued', 'running'].includes(summary.status)) return undefined;
    return api.call<Run>('GET', `/runs/${summary.id}`);
  });
}

export interface Provision {
  name: string;
  mcpServerUrl: string;
  bearer?: string;
  toolCall: { tool: string; arguments: object };
  eventType?: string;
}

/** Source, skill, agent and trigger of one name; answers the source's token. */
export async function provision(
  api: Api,
  { name, mcpServerUrl, bearer, toolCall, eventType = 'invoice.uploaded' }: Provision,
) {
  const create = <T>(path: string, resource: object) => api.call<T>('POST', path, resource);
  const source = await create<{ token: string }>('/webhook-sources', { name });
  await create('/skills', {
    name,
    mcp_server_url: mcpServerUrl,
    ...(bearer && { mcp_headers: { Authorization: `Bearer ${bearer}` } }),
  });
  await create('/agents', { name, skills: [name] });
  await create('/triggers', { name, event_type: eventType, webhook_source: name, agent_id: name, tool_call: toolCall });
  return source!.token;
}
