import type { IncomingMessage } from 'node:http';

/** What a server answers; `body` as JSON unless it is a text. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: object | string;
}

export interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  /** The credential, without a scheme: what these servers tell everybody. */
  readonly credential: string;
}

const ARGUMENTS = { type: 'object', properties: { id: { type: 'string' } } };
const TOOL = { name: 'echo', description: 'Says what it was sent.', inputSchema: ARGUMENTS };

const reply = ({ id }: Call, body: object): Reply => ({ body: { jsonrpc: '2.0', id, ...body } });
const listing = (call: Call, ...tools: object[]) => reply(call, { result: { tools } });
const answering = (answer: (call: Call) => Reply) => (call: Call) =>
  call.method === 'tools/list' ? listing(call, TOOL) : answer(call);
const textOf = ({ headers, credential }: Call) => `you sent ${JSON.stringify(headers)}, that is ${credential}`;

/** Ways in which a server may give away the credential it was called with, by the path it is asked at. */
export const ECHOES: Readonly<Record<string, (call: Call) => Reply>> = {
  result: answering((call) =>
    reply(call, {
      result: {
        content: [{ type: 'text', text: textOf(call) }],
        structuredContent: { sent: call.headers, [call.credential]: 'as a key' },
      },
    }),
  ),
  'result-without-content': answering((call) => reply(call, { result: { sent: call.headers } })),
  'escaped-result': answering((call) => ({
    body: `{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"result":{"content":[{"type":"text","text":"${escaped(textOf(call))}"}]}}`,
  })),
  'tool-error': answering((call) =>
    reply(call, { result: { content: [{ type: 'text', text: textOf(call) }], isError: true } }),
  ),
  'rpc-error': answering((call) =>
    reply(call, { error: { code: -32010, message: textOf(call), data: { sent: call.headers } } }),
  ),
  'server-error': answering((call) => ({
    ...reply(call, { error: { code: -32603, message: textOf(call) } }),
    status: 500,
  })),
  refusal: (call) => ({
    ...reply(call, { error: { code: -32000, message: `not good enough: ${call.credential}` } }),
    status: 401,
    headers: { 'www-authenticate': `Bearer error="invalid_token", error_description="${call.credential}"` },
  }),
  redirect: (call) => ({ status: 302, headers: { location: `/?token=${call.credential}` }, body: textOf(call) }),
  'no-json': answering((call) => ({ body: `<p>${textOf(call)}</p>` })),
  'tool-name': (call) => listing(call, { ...TOOL, name: `tool-of-${call.credential}` }),
  description: (call) => listing(call, { ...TOOL, title: textOf(call), description: textOf(call) }),
  'required-argument': (call) =>
    listing(call, { ...TOOL, inputSchema: { ...ARGUMENTS, required: ['id', call.credential] } }),
  'broken-schema': (call) =>
    call.method === 'tools/list'
      ? listing(call, { ...TOOL, inputSchema: { ...ARGUMENTS, $ref: `#/definitions/${call.credential}` } })
      : reply(call, { result: { content: [] } }),
};

/** With every character as JSON may also write it. */
function escaped(text: string): string {
  return [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
