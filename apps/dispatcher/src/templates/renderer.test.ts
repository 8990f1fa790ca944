import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '@agent-platform/errors';
import type { JsonObject } from '@agent-platform/json';
import type { Action } from '../events/plan.ts';
import { createThreadPool, type ThreadPool } from '../threads/pool.ts';
import { TooHard } from '../threads/thread.ts';
import { createTemplateRenderer, type RunToRender, type TemplateRenderer } from './renderer.ts';

let threads: ThreadPool;
let renderer: TemplateRenderer;
beforeAll(() => {
  threads = createThreadPool();
  renderer = createTemplateRenderer(threads);
});
afterAll(() => threads[Symbol.asyncDispose]());

const prompt = (template: string): Action => ({ kind: 'prompt', template });
const toolCall = (args: JsonObject): Action => ({ kind: 'tool_call', tool: 'save', skillId: 'skl_1', arguments: args });

let plans = 0;
function runOf(action: Action, payload: string, orgId = 'org'): RunToRender {
  const event = { id: 'evt_1', type: 'a.b', payload, occurredAt: null, receivedAt: new Date(1_000) };
  const plan = {
    trigger: { id: 'trg_1', name: 'on-a-b', sourceName: 'billing', autoApprove: false },
    agent: { id: 'agt_1', name: 'clerk', instructions: '', model: '' },
    skills: [],
    action,
  };
  return { orgId, planHash: String(++plans), event, plan };
}

/** A pool that is asked for nothing, and one that says so. */
const noThreads: ThreadPool = {
  use: () => Promise.reject(new Error('a thread was asked for')),
  [Symbol.asyncDispose]: async () => undefined,
};

const here = (action: Action, payload: string) => createTemplateRenderer(noThreads).render(runOf(action, payload));

async function inThread(action: Action, payload: string) {
  const { event, plan } = runOf(action, payload);
  const text = action.kind === 'prompt' ? action.template : JSON.stringify(action.arguments);
  const asked = { source: { kind: action.kind, text }, event, sourceName: plan.trigger.sourceName };
  return await threads.use('org', (thread) => thread.do('render', asked, 2_000));
}

const TEMPLATES: Record<string, Action> = {
  'a prompt': prompt(
    '{{ .event_id }} {{ .webhook_source }} {{ .received_at }}: {{ .payload | json }} {{ .payload.v }}',
  ),
  'a list': prompt('{{ range .payload.list }}<{{ . }}>{{ else }}none{{ end }}'),
  'what is missing': prompt('{{ .payload.no }}{{ .payload.no }}{{ index .payload "x" 0 | upper }}{{ .occurred_at }}'),
  comparisons: prompt(
    '{{ if eq .payload.v 1.1 }}eq{{ end }}{{ if .payload.v }}true{{ end }}{{ .payload.v | default 7 }}',
  ),
  'a lone value': toolCall({
    v: '{{ .payload.v }}',
    all: '{{ .payload }}',
    list: ['{{ .payload.no }}', '{{ .payload.v }}'],
  }),
  'values in text': toolCall({
    v: 'v={{ .payload.v }}',
    __proto__x: '{{ .payload | json }}',
    deep: { a: [{ b: '{{ . }}' }] },
  }),
  constants: toolCall({ n: JSON.rawJSON('1.10') as never, big: JSON.rawJSON('1e400') as never, u: '\u{d800}', z: -0 }),
  literals: toolCall({ a: '{{ 1e400 }}', b: '{{ -0 }}', c: '{{ 1.10 }}', d: '{{ "\\ud800" }}' }),
  'an invalid template': prompt('{{ nonsense . }}'),
  'invalid arguments': toolCall({ a: '{{ nonsense . }}' }),
  nothing: prompt(''),
};

const PAYLOADS = [
  ...[
    '1.10',
    '1e400',
    '123456789012345678901234567890',
    '0.123456789012345678901234567890',
    '-0',
    '1.0',
    '9007199254740993',
  ],
  ...['"\\ud800"', '"\\u0000\\u2028"', '"😀"', '""', 'null', 'true', '[]', '{}', '[1.10,{"a":-0}]'],
  ...['{"__proto__":{"admin":1.10}}', '{"constructor":1}', '{"b":1,"a":2,"1":3}', '{"a":1,"a":1.10}', '{"":1.10}'],
].map((value) => `{"v":${value},"list":[${value},1.10],"__proto__":{"v":${value}}}`);

describe('a rendered template', () => {
  it.each(Object.entries(TEMPLATES))('is the same here and in a thread: %s', async (_, action) => {
    for (const payload of PAYLOADS) expect(await inThread(action, payload)).toEqual(await here(action, payload));
  });

  it('has numbers, text and keys as they were sent', async () => {
    const payload =
      '{"v":1.10,"w":1e400,"x":123456789012345678901234567890,"y":-0,"z":"\\ud800","__proto__":{"a":1.0}}';
    for (const render of [here, inThread]) {
      expect(await render(toolCall({ all: '{{ .payload }}' }), payload)).toEqual({
        kind: 'rendered',
        text: `{"all":${payload}}`,
        missing: [],
      });
    }
  });

  it('names what is missing, once', async () => {
    for (const render of [here, inThread]) {
      expect(await render(TEMPLATES['what is missing']!, '{}')).toMatchObject({
        missing: ['.payload.no', 'index .payload "x" 0', '.occurred_at'],
      });
    }
  });
});

const LOOPS = '{{ range $.payload.l }}'.repeat(8) + '{{ end }}'.repeat(8);
const lines = (count: number) => JSON.stringify({ l: Array.from({ length: count }, (_, n) => n) });
const tooLarge = { kind: 'refused', code: 'template_output_too_large' };

describe('a template that is too much for here', () => {
  it.each<[string, Action, string, object]>([
    [
      'for its work',
      prompt('{{ range .payload.l }}{{ range $.payload.l }}x{{ end }}{{ end }}'),
      lines(100),
      { text: 'x'.repeat(10_000) },
    ],
    [
      'for the size of the event',
      prompt('{{ .payload.a }}'),
      JSON.stringify({ a: 'x'.repeat(20_000) }),
      { text: 'x'.repeat(20_000) },
    ],
    ['for its own size', prompt('x'.repeat(20_000)), '{}', { text: 'x'.repeat(20_000) }],
    ['for more work than there is', prompt(LOOPS), lines(8), tooLarge],
    [
      'for more output than may be',
      prompt('{{ range .payload.l }}{{ $.payload.t }}{{ end }}'),
      JSON.stringify({ l: Array(11).fill(1), t: 'x'.repeat(100_000) }),
      tooLarge,
    ],
  ])('is rendered in a thread: %s', async (_, action, payload, result) => {
    await expect(here(action, payload)).rejects.toThrow('a thread was asked for');
    const rendered = await renderer.render(runOf(action, payload));
    expect(rendered).toMatchObject(result);
    expect(rendered).toEqual(await inThread(action, payload));
  });

  it('keeps nobody from getting on, however many there are', async () => {
    const count = 30;
    let turns = 0;
    let isOver = false;
    const counting = (async () => {
      for (; !isOver; turns++) await new Promise(setImmediate);
    })();
    const hostile = Array.from({ length: count }, () => renderer.render(runOf(prompt(LOOPS), lines(8), 'org_hostile')));
    const rendered = await Promise.all(hostile);
    isOver = true;
    await counting;
    expect(rendered.map(({ kind }) => kind)).toEqual(Array(count).fill('refused'));
    // On this thread there would be none between one and the next.
    expect(turns).toBeGreaterThan(count * 5);
  });

  it('waits for its turn, and others do not wait for it', async () => {
    const done: string[] = [];
    const render = async (orgId: string, action: Action) => {
      await renderer.render(runOf(action, lines(8), orgId));
      done.push(orgId);
    };
    const hostile = Array.from({ length: 20 }, () => render('org_hostile', prompt(LOOPS)));
    const others = ['org_a', 'org_b'].map((orgId) => render(orgId, prompt('x'.repeat(20_000))));
    await Promise.all([...hostile, ...others]);
    expect(done.indexOf('org_b')).toBeLessThan(10);
  });
});

describe('a template that is too much for a thread', () => {
  const failing = (error: Error): ThreadPool => ({ ...noThreads, use: () => Promise.reject(error) });
  const large = runOf(prompt('x'.repeat(20_000)), '{}');

  it('is refused, and what to do about it said', async () => {
    expect(await createTemplateRenderer(failing(new TooHard('memory'))).render(large)).toEqual({
      kind: 'refused',
      code: 'template_too_hard',
      message: expect.stringContaining('Show fewer fields') as unknown,
    });
  });

  it('is refused before its event takes the memory of the process', async () => {
    const payload = `[${Array(2_000_000).fill('{}').join(',')}]`;
    expect(await renderer.render(runOf(prompt('x'), payload))).toMatchObject({ code: 'template_too_hard' });
  });

  it('is none only because its event is large', async () => {
    const payload = JSON.stringify({ a: 'x', b: Array(10_000).fill('some, [text] {of} a customer '.repeat(10)) });
    expect(await renderer.render(runOf(prompt('{{ .payload.a }}'), payload))).toMatchObject({ text: 'x' });
  });

  it.each([
    new AppError('unavailable', 'threads_unavailable', 'A thread cannot be started right now.'),
    new Error('A thread has ended by itself'),
  ])('is none when the fault is ours: %s', async (error) => {
    await expect(createTemplateRenderer(failing(error)).render(large)).rejects.toBe(error);
  });
});
