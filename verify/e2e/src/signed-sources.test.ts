import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, provision, send, startPlatform } from './fixture.ts';
import { startSeedServer } from './seed-server.ts';

const shell = async (script: string) => (await promisify(execFile)('bash', ['-c', script])).stdout;

const SECRET = "It's a Secret to Everybody";
const PUSH = '{"ref":"refs/heads/main","after":"6113728f27ae","repository":{"full_name":"octo/hello"}}';

/** A delivery as GitHub makes it, signed by nothing of ours. */
const push = (url: string, body: string, delivery: string) => `BODY='${body}'
SIGNATURE=$(printf '%s' "$BODY" | openssl dgst -sha256 -hmac "${SECRET}" | sed 's/^.* //')
curl -s -w '\\n%{http_code}' -X POST ${url} \\
-H "Content-Type: application/json" \\
-H "X-GitHub-Event: push" \\
-H "X-GitHub-Delivery: ${delivery}" \\
-H "X-Hub-Signature-256: sha256=$SIGNATURE" \\
-d "$BODY"`;

interface Source {
  readonly id: string;
  readonly signature?: object;
}

describe('a sender that cannot set X-Webhook-Token', () => {
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  let server: Awaited<ReturnType<typeof startSeedServer>>;
  let source: Source;
  let token: string;
  beforeAll(async () => {
    platform = await startPlatform();
    server = await startSeedServer('sk-seed');
    token = await provision(platform.api, {
      name: 'github',
      mcpServerUrl: server.url,
      bearer: 'sk-seed',
      eventType: 'push',
      toolCall: { tool: 'book', arguments: { ref: '{{ .payload.ref }}' } },
    });
    const signature = { scheme: 'github', secrets: [SECRET] };
    source = (await platform.api.call<Source>('PATCH', '/webhook-sources/github', { signature }))!;
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
  });

  const deliver = async (body: string, delivery: string) => {
    const script = push(`${platform.url}/webhooks/${source.id}`, body, delivery);
    const [answer, status] = (await shell(script)).split('\n');
    return { status, answer: JSON.parse(answer!) as { event_id: string; code?: string } };
  };

  it('starts a run with a push that it signs, and one only however often it delivers it', async () => {
    expect(source.signature).toEqual({ scheme: 'github', secret_count: 1 });
    const first = await deliver(PUSH, 'd-1');
    expect(first.status).toBe('202');
    const run = await ended(platform.api, first.answer.event_id);
    expect(run).toMatchObject({ status: 'succeeded', trigger: 'github' });
    expect(run.steps[1]).toMatchObject({ tool: 'book', arguments: { ref: 'refs/heads/main' } });
    expect(await deliver(PUSH, 'd-1')).toEqual(first);
    expect(server.booked).toEqual(['{"ref":"refs/heads/main"}']);
  });

  it('is asked for its signature with a token, too', async () => {
    const answer = await send(platform.url, token, { event_type: 'push', payload: {} });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'signature_refused' });
  });

  it('is refused at its address, and taken with its token, once the signature is removed', async () => {
    const removed = await platform.api.call<Source>('PATCH', '/webhook-sources/github', { signature: null });
    expect(removed).not.toHaveProperty('signature');
    await expect.poll(async () => (await deliver(PUSH, 'd-2')).status, { timeout: 10_000, interval: 100 }).toBe('401');
    await expect
      .poll(async () => (await send(platform.url, token, { event_type: 'other', payload: {} })).status, {
        timeout: 10_000,
      })
      .toBe(202);
  });
});
