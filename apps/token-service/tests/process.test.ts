import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { expect, it } from 'vitest';
import { createServiceIdentity } from '@agent-platform/auth';
import { Deduplication, WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, remoteTransport } from '@agent-platform/rpc';
import type { ServiceName } from '@agent-platform/service';
import { createTestDatabase } from '@agent-platform/testing';
import { generateVersionedKey } from '../src/index.ts';

const SECRET = 's'.repeat(32);

it('runs as a process of its own: migrates, serves other services, stops when told to', async () => {
  await using database = await createTestDatabase();
  const env = {
    TOKEN_PEPPERS: generateVersionedKey(),
    CREDENTIAL_KEYS: generateVersionedKey(),
    DATABASE_URL: database.url,
    // Nobody is there: it works without.
    EVENT_BUS_URL: 'kafka://127.0.0.1:1',
    SERVICE_IDENTITY_SECRET: SECRET,
    PORT: '0',
  };
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  try {
    const logged: string[] = [];
    let url: string | undefined;
    for await (const line of createInterface(child.stderr)) {
      logged.push(line);
      url = (JSON.parse(line) as { url?: string }).url;
      if (url !== undefined) break;
    }
    for (const value of [env.TOKEN_PEPPERS, env.CREDENTIAL_KEYS, SECRET]) expect(logged.join()).not.toContain(value);
    const client = (service: ServiceName) => {
      const identity = createServiceIdentity({ service, secret: Buffer.from(SECRET) });
      const interceptors = clientInterceptors({ identity, callee: 'token-service' });
      return remoteTransport({ baseUrl: url!, interceptors });
    };
    await using toManagement = client('management-api');
    await using toIngest = client('ingest');
    const management = createClient(WebhookTokenService, toManagement);
    const source = { orgId: 'org_a', sourceId: 'src_1' };
    await management.putSource({ ...source, deduplication: Deduplication.CONTENT });
    const { token } = (await management.issueToken(source)).webhookToken!;
    expect(await createClient(WebhookTokenService, toIngest).verifyToken({ token: token! })).toMatchObject(source);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await exited).toEqual([0, null]);
});
