import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createServiceKeyFiles, createTestDatabase } from '@agent-platform/testing';

it('runs as a process of its own: alive at once, ready when it can let users in, stops when told to', async () => {
  await using database = await createTestDatabase();
  await using serviceKeys = await createServiceKeyFiles();
  const nowhere = 'http://127.0.0.1:1';
  const env = {
    DATABASE_URL: database.url,
    TOKEN_SERVICE_URL: nowhere,
    DISPATCHER_URL: nowhere,
    SERVICE_KEY_FILE: serviceKeys.privateKeyFile('management-api'),
    SERVICE_PUBLIC_KEYS_FILE: serviceKeys.publicKeysFile,
    AUTH_ISSUER: `${nowhere}/`,
    AUTH_AUDIENCE: 'https://agent-platform.example.com',
    AUTH_ALLOWED_ADDRESSES: '127.0.0.0/8',
    PORT: '0',
    ADMIN_PORT: '0',
  };
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  try {
    let { url, adminUrl }: { url?: string; adminUrl?: string } = {};
    for await (const line of createInterface(child.stderr)) {
      ({ url, adminUrl } = JSON.parse(line) as { url?: string; adminUrl?: string });
      if (url !== undefined) break;
    }
    expect((await fetch(`${adminUrl}/healthz`)).status).toBe(200);
    const ready = await fetch(`${adminUrl}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      services: { 'management-api': { database: 'ok', issuer: 'failed' } },
    });
    expect((await fetch(`${url}/api/v1/agents`)).status).toBe(401);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await exited).toEqual([0, null]);
});
