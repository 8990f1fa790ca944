import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accepted, ended, provision, until } from './fixture.ts';
import { inEachMode, type RunningPlatform } from './modes.ts';
import { freePort } from './process.ts';

const program = join(
  import.meta.dirname,
  '../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
);

async function startServerEverything() {
  const port = await freePort();
  const child = spawn('node', [program, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${port}/mcp`;
  await until('server-everything listens', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

inEachMode('a trigger', (start) => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await start()));
  afterAll(() => platform[Symbol.asyncDispose]());

  it('works with @modelcontextprotocol/server-everything over streamable HTTP too', async () => {
    await using server = await startServerEverything();
    const token = await provision(platform.api, {
      name: 'everything',
      mcpServerUrl: server.url,
      toolCall: { tool: 'echo', arguments: { message: 'invoice {{ .payload.invoice_id }}' } },
    });
    const event = { event_type: 'invoice.uploaded', payload: { invoice_id: 'INV-7' } };
    const run = await ended(platform.api, await accepted(platform.url, token, event));
    expect(run).toMatchObject({ status: 'succeeded' });
    expect(JSON.stringify(run.steps.at(-1)!.result)).toContain('invoice INV-7');
  });
});
