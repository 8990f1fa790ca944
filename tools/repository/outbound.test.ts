import { resolve } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

// Rules that know types need files that exist; those looked at here do not.
const eslint = new ESLint({
  cwd: resolve(import.meta.dirname, '../..'),
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
  ruleFilter: ({ ruleId }) => ruleId.includes('no-restricted'),
});

/** How often the file would be refused. */
async function refusals(filePath: string, code: string): Promise<number> {
  const [result] = await eslint.lintText(code, { filePath });
  return result!.messages.filter(({ message }) => message.includes('@agent-platform/outbound')).length;
}

const VIOLATIONS = [
  `await fetch('https://example.com');`,
  `await globalThis.fetch('https://example.com');`,
  `new WebSocket('wss://example.com');`,
  `import { request } from 'node:http';\nrequest('http://example.com');`,
  `import { get } from 'https';\nget('https://example.com');`,
  `import http from 'node:http';\nhttp.request('http://example.com');`,
  `import * as https from 'node:https';\nhttps.get('https://example.com');`,
  `import { connect } from 'node:net';\nconnect(80, 'example.com');`,
  `import { Socket } from 'node:net';\nnew Socket();`,
  `import { connect } from 'node:tls';\nconnect(443, 'example.com');`,
  `import { connect } from 'node:http2';\nconnect('https://example.com');`,
  `const { request } = await import('node:https');\nrequest('https://example.com');`,
];

describe('the lint of outbound calls', () => {
  it.each(VIOLATIONS)('refuses in a service and in a library: %s', async (code) => {
    expect(await refusals('apps/ingest/src/x.ts', code)).toBeGreaterThan(0);
    expect(await refusals('libs/mcp-client/src/x.ts', code)).toBeGreaterThan(0);
  });

  it.each(['libs/outbound/src/x.ts', 'libs/auth/tests/x.ts', 'libs/auth/src/x.test.ts', 'examples/src/x.ts'])(
    'leaves alone %s',
    async (file) => {
      for (const code of VIOLATIONS) expect(await refusals(file, code)).toBe(0);
    },
  );

  it('leaves alone what serves, and types', async () => {
    const code = `import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
export const use = [createServer, isIP] as unknown as [IncomingMessage, Socket];`;
    expect(await refusals('libs/rpc/src/x.ts', code)).toBe(0);
  });
});
