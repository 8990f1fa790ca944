import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient } from '@connectrpc/connect';
import { expect, it, vi } from 'vitest';
import { addServiceKey, retireServiceKeys } from '@agent-platform/auth';
import { Deduplication, WebhookTokenService } from '@agent-platform/proto';
import { clientInterceptors, remoteTransport } from '@agent-platform/rpc';
import type { ServiceName } from '@agent-platform/runtime';
import { createServiceKeyFiles, createTestDatabase } from '@agent-platform/testing';
import { generateVersionedKey } from '../src/index.ts';

/** Files are read again every five seconds. */
const PATIENCE = { timeout: 20_000, interval: 200 };

it('runs as a process of its own: migrates, serves other services, takes changed keys, stops when told to', async () => {
  await using database = await createTestDatabase();
  await using serviceKeys = await createServiceKeyFiles();
  const env = {
    TOKEN_PEPPERS: generateVersionedKey(),
    CREDENTIAL_KEYS: generateVersionedKey(),
    DATABASE_URL: database.url,
    // Nobody is there: it works without.
    EVENT_BUS_URL: 'kafka://127.0.0.1:1',
    SERVICE_PUBLIC_KEYS_FILE: serviceKeys.publicKeysFile,
    PORT: '0',
    ADMIN_PORT: '0',
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
    for (const value of [env.TOKEN_PEPPERS, env.CREDENTIAL_KEYS, ...(await serviceKeys.secrets())])
      expect(logged.join()).not.toContain(value);
    const client = async (service: ServiceName, keyFile?: string) => {
      const identity = await serviceKeys.identityOf(service, keyFile);
      const interceptors = clientInterceptors({ identity, callee: 'token-service' });
      return remoteTransport({ baseUrl: url!, interceptors });
    };
    await using toManagement = await client('management-api');
    await using toIngest = await client('ingest');
    const management = createClient(WebhookTokenService, toManagement);
    const source = { orgId: 'org_a', sourceId: 'src_1' };
    await management.putSource({ ...source, deduplication: Deduplication.CONTENT });
    const { token } = (await management.issueToken(source)).webhookToken!;
    expect(await createClient(WebhookTokenService, toIngest).verifyToken({ token: token! })).toMatchObject(source);

    const { publicKeysFile } = serviceKeys;
    const newKeyFile = `${serviceKeys.privateKeyFile('ingest')}.new`;
    await addServiceKey({ service: 'ingest', privateKeyFile: newKeyFile, publicKeysFile });
    await using toNewIngest = await client('ingest', newKeyFile);
    const fresh = createClient(WebhookTokenService, toNewIngest);
    const old = createClient(WebhookTokenService, toIngest);
    await vi.waitFor(() => fresh.verifyToken({ token: token! }), PATIENCE);
    await old.verifyToken({ token: token! });
    await retireServiceKeys({ service: 'ingest', publicKeysFile });
    const refused = { code: 'service_identity_refused' };
    const tried = () => old.verifyToken({ token: token! }).catch((error: unknown) => error);
    await vi.waitFor(async () => expect(await tried()).toMatchObject(refused), PATIENCE);
    await fresh.verifyToken({ token: token! });
  } finally {
    child.kill('SIGTERM');
  }
  expect(await exited).toEqual([0, null]);
});
