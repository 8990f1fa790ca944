import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { accepted, ended, provision } from './fixture.ts';
import { inCluster } from './modes.ts';
import { startSeedServer } from './seed-server.ts';

const root = join(import.meta.dirname, '../../..');

inCluster('services as bundles', (start) => {
  beforeAll(() => promisify(execFile)('npm', ['run', 'build'], { cwd: root }));

  it('migrate their databases, and take an event through to the tool call, in a thread as well', async () => {
    await using platform = await start({ bundled: true });
    await using server = await startSeedServer('sk-bundled');
    const token = await provision(platform.api, {
      name: 'bundled',
      mcpServerUrl: server.url,
      bearer: 'sk-bundled',
      toolCall: { tool: 'book', arguments: { invoice_id: '{{ .payload.invoice_id }}' } },
    });
    // What is larger than 8 KiB is rendered in a worker thread, which is a bundle of its own.
    for (const note of ['short', 'long '.repeat(4_000)]) {
      const payload = { invoice_id: `INV-${note.length}`, note };
      const event = await accepted(platform.url, token, { event_type: 'invoice.uploaded', payload });
      const run = await ended(platform.api, event);
      expect(run).toMatchObject({ status: 'succeeded', attempts: 1 });
      expect(run.steps.at(-1)!.arguments).toEqual({ invoice_id: payload.invoice_id });
    }
    for (const { running } of platform.cluster.processes) expect(running).toBe(true);
  });
});
