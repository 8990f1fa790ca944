import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { everyTopic, parseKafkaUrl } from '@agent-platform/event-bus';
import { describe, expect, it } from 'vitest';
import { accepted } from './fixture.ts';
import { inCluster } from './modes.ts';

const execute = promisify(execFile);
const kcat = (...args: string[]) => execute('kcat', args, { timeout: 30_000 });

const missing = await kcat('-V').then(
  () => undefined,
  () => 'there is no kcat; install it with "apt-get install kcat"',
);

const title = 'kcat reads what ingest has published';
if (missing === undefined) describeTopics();
else if (process.env.CI === 'true') throw new Error(`${title}: ${missing}. CI requires it.`);
else describe.skip(`${title}: ${missing}`);

function describeTopics(): void {
  inCluster(title, (start) => {
    it('an event has the attributes of CloudEvents in its headers, and the token nowhere', async () => {
      await using platform = await start();
      const { token, id } = (await platform.api.call<{ token: string; id: string }>('POST', '/webhook-sources', {
        name: 'billing',
      }))!;
      const traceId = randomBytes(16).toString('hex');
      const eventId = await accepted(
        platform.url,
        token,
        { event_type: 'invoice.uploaded', payload: { invoice_id: 'INV-7' } },
        { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      );

      const { brokers, namespace } = parseKafkaUrl(platform.cluster.busUrl);
      const [topic] = everyTopic(namespace);
      const where = ['-b', brokers.join(','), '-t', topic!.name];
      // Up to the end, quietly; one line each for key and headers. The value is protobuf.
      const { stdout } = await kcat('-C', ...where, '-e', '-q', '-f', '%k\n%h\n%s\n');
      const [key, headers, ...value] = stdout.split('\n');
      expect(key).toBe(id);
      expect(Object.fromEntries(headers!.split(',').map((header) => header.split('=')))).toEqual({
        'content-type': 'application/protobuf',
        ce_specversion: '1.0',
        ce_id: eventId,
        ce_source: `/webhook-sources/${id}`,
        ce_type: 'invoice.uploaded',
        ce_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`)) as string,
      });
      expect(value.join('\n')).toContain('INV-7');
      expect(stdout).not.toContain(token);
      expect(stdout).not.toContain(token.replace(/^whk_/, ''));
    });
  });
}
