import { startModelServer, type ModelAnswer, type ModelRequest, type ModelServer } from '@agent-platform/testing';

/** Tool calls of one run; with `SLOW_MS` each, a run takes a minute and a half. */
const CALLS = 6;
const SLOW_MS = 15_000;

/**
 * A model that works for a long time on what its prompt names: saves it again and again, and books it at the end. It
 * has no memory; what to do next follows from the conversation.
 */
export function startWorkingModel(): Promise<ModelServer> {
  return startModelServer(nextStep);
}

function nextStep({ body }: ModelRequest): ModelAnswer {
  const messages = body['messages'] as { role: string; content: unknown }[];
  const id = textOf(messages.find(({ role }) => role === 'user')!.content);
  const done = messages.filter(({ role }) => role === 'tool').length;
  if (done === CALLS) return { text: `worked on ${id}` };
  const last = done === CALLS - 1;
  const args = { id: `${id}#${done}`, slow_ms: last ? 0 : SLOW_MS };
  return { toolCalls: [{ id: `call_${done}`, name: last ? 'book' : 'upsert', arguments: args }] };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return (content as { text: string }[]).map(({ text }) => text).join('');
}
