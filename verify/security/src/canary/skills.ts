import type { Api } from '@agent-platform/client';
import { ECHOES } from './echoes.ts';
import type { Secrets } from './secrets.ts';

/** A skill whose server gives away its credential, the agent that has it, and what its events are called. */
export interface ProvisionedSkill {
  readonly name: string;
  readonly eventType: string;
  /** In the list of secrets. */
  readonly secret: string;
}

interface SkillSpec {
  readonly name: string;
  readonly url: string;
  readonly headers: (secret: string) => Record<string, string>;
  /** In the middle of the secret. */
  readonly extra?: string;
  readonly action: object;
  readonly model?: string;
}

const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` });
const CALL = { tool_call: { tool: 'echo', arguments: { id: '{{ .payload.id }}' } } };
const PROMPT = { prompt_template: 'Do what is to be done with {{ .payload.id }}.' };
/** Characters that every encoding writes in its own way. */
const SPECIAL = '"\\/+=&<>%~';

/** @param deadUrl - where nobody listens. */
function specs(echoUrl: string, deadUrl: string): SkillSpec[] {
  const at = (echo: string, name = echo) => `${echoUrl}/${echo}/${name}`;
  const prompt = (name: string, echo: string, model: string): SkillSpec => ({
    name,
    url: at(echo, name),
    headers: bearer,
    action: PROMPT,
    model: `openai/${model}`,
  });
  const call = (name: string, url: string, headers: SkillSpec['headers'] = bearer, extra?: string): SkillSpec => ({
    name,
    url,
    headers,
    action: CALL,
    ...(extra && { extra }),
  });
  return [
    ...Object.keys(ECHOES).map((echo) => call(echo, at(echo))),
    call('api-key', at('result', 'api-key'), (secret) => ({ 'X-Api-Key': secret })),
    call('special', at('result', 'special'), (secret) => ({ 'X-Api-Key': secret }), SPECIAL),
    call('special-bare', at('result-without-content', 'special-bare'), bearer, SPECIAL),
    call('special-error', at('rpc-error', 'special-error'), bearer, SPECIAL),
    call('spaces', at('result', 'spaces'), (secret) => ({ Authorization: `  Bearer ${secret}  ` })),
    call('spaces-within', at('result', 'spaces-within'), (secret) => ({ Authorization: `Bearer  ${secret}` })),
    call('cookie', at('result', 'cookie'), (secret) => ({ Cookie: `session=${secret}` })),
    call('dead', deadUrl),
    prompt('prompt', 'result', 'obedient'),
    prompt('prompt-error', 'rpc-error', 'obedient'),
    prompt('prompt-description', 'description', 'obedient'),
    prompt('prompt-tool-name', 'tool-name', 'obedient'),
    prompt('prompt-schema', 'required-argument', 'obedient'),
    prompt('model-refuses', 'result', 'refusing'),
  ];
}

/** Sets all of it up through the public API. */
export async function provisionSkills(
  api: Api,
  o: { echoUrl: string; deadUrl: string; source: string; secrets: Secrets },
): Promise<ProvisionedSkill[]> {
  const skills: ProvisionedSkill[] = [];
  for (const { name, url, headers, extra, action, model } of specs(o.echoUrl, o.deadUrl)) {
    const secret = `credential of ${name}`;
    const mcpHeaders = headers(o.secrets.fresh(secret, extra));
    await api.call('POST', '/skills', { name, mcp_server_url: url, mcp_headers: mcpHeaders });
    await api.call('POST', '/agents', { name, skills: [name], ...(model && { model }) });
    const eventType = `canary.${name}`;
    const trigger = { name, event_type: eventType, webhook_source: o.source, agent_id: name };
    await api.call('POST', '/triggers', { ...trigger, ...action });
    skills.push({ name, eventType, secret });
  }
  return skills;
}
