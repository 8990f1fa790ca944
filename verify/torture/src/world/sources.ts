import type { Api } from '@agent-platform/client';
import type { Canary } from '../canary/canary.ts';
import type { Expected } from '../check/evidence.ts';
import type { LoadedSource, Repeats } from '@agent-platform/harness';

/** Triggers by event type. `work` gives the agent's model a prompt, the others call the tool of their name. */
const TRIGGERS: Readonly<Record<string, readonly string[]>> = {
  'order.placed': ['book'],
  'order.changed': ['lookup', 'upsert'],
  'order.worked': ['work'],
};

/** One source for each way to repeat events. Without content hashes, repetition is the sender's own affair. */
const SOURCES: readonly { name: string; repeats: Repeats; deduplication: string }[] = [
  { name: 'keyed', repeats: 'key', deduplication: 'key' },
  { name: 'content', repeats: 'content', deduplication: 'content' },
  { name: 'plain', repeats: 'none', deduplication: 'key' },
];

export const expected: Expected = ({ source, eventType }) =>
  (TRIGGERS[eventType] ?? []).map((action) => `${source}-${action}`);

/** Sets up through the public API what the load needs. */
export async function provisionSources(api: Api, canary: Canary): Promise<LoadedSource[]> {
  const create = <T>(path: string, resource: object) => api.call<T>('POST', path, resource);
  await create('/skills', {
    name: 'canary',
    mcp_server_url: canary.url,
    mcp_headers: { Authorization: `Bearer ${canary.token}` },
  });
  await create('/agents', { name: 'clerk', skills: ['canary'], model: 'openai/scripted' });
  const sources: LoadedSource[] = [];
  for (const { name, repeats, deduplication } of SOURCES) {
    const source = await create<{ token: string }>('/webhook-sources', { name, deduplication });
    sources.push({ name, token: source!.token, repeats });
    for (const [eventType, actions] of Object.entries(TRIGGERS)) {
      for (const action of actions) {
        const trigger = { name: `${name}-${action}`, event_type: eventType, webhook_source: name, agent_id: 'clerk' };
        await create('/triggers', { ...trigger, ...actionOf(action) });
      }
    }
  }
  return sources;
}

function actionOf(action: string): object {
  if (action === 'work') return { prompt_template: '{{ .payload.id }}' };
  return { tool_call: { tool: action, arguments: { id: '{{ .payload.id }}', slow_ms: '{{ .payload.slow_ms }}' } } };
}
