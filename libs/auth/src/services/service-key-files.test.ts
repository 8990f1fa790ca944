import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '@agent-platform/runtime';
import { createLogger } from '@agent-platform/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { REREAD_AFTER_MS } from './reread-file.ts';
import { createServiceAuthenticator } from './service-authenticator.ts';
import { createServiceIdentity } from './service-identity.ts';
import { addServiceKey, openServiceKey, openServicePublicKeys, retireServiceKeys } from './service-key-files.ts';

const lines: string[] = [];
const logger = createLogger({
  level: 'info',
  service: 'test',
  destination: { write: (line) => void lines.push(line) },
});
let directory: string;
let publicKeysFile: string;
const add = (service: ServiceName, file: string) =>
  addServiceKey({ service, privateKeyFile: join(directory, file), publicKeysFile });

beforeEach(async () => {
  lines.length = 0;
  directory = await mkdtemp(join(tmpdir(), 'service-keys-'));
  publicKeysFile = join(directory, 'public.json');
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(directory, { recursive: true });
});

describe('the files of service keys', () => {
  it('change while everybody runs: nobody is refused, and the old key is 5 s after it went', async () => {
    await add('ingest', 'key.jwk');
    const key = await openServiceKey(join(directory, 'key.jwk'), { logger });
    const identity = createServiceIdentity({ service: 'ingest', key });
    const keys = await openServicePublicKeys(publicKeysFile, { logger });
    const authenticate = createServiceAuthenticator({ service: 'token-service', keys });
    const call = async () => authenticate(`Bearer ${await identity.tokenFor('token-service')}`);
    await call();
    const old = `Bearer ${await identity.tokenFor('token-service')}`;

    const fresh = await add('ingest', 'new.jwk');
    vi.advanceTimersByTime(REREAD_AFTER_MS);
    await call();
    await writeFile(join(directory, 'key.jwk'), await readFile(join(directory, 'new.jwk')));
    vi.advanceTimersByTime(REREAD_AFTER_MS);
    await call();
    await authenticate(old);
    expect(await identity.tokenFor('token-service')).not.toBe(old.slice('Bearer '.length));
    expect(lines.join()).toContain(`ingest ${fresh}`);

    await retireServiceKeys({ service: 'ingest', publicKeysFile });
    vi.advanceTimersByTime(REREAD_AFTER_MS - 1);
    await authenticate(old);
    vi.advanceTimersByTime(1);
    await expect(authenticate(old)).rejects.toMatchObject({ code: 'token_invalid' });
    await call();
  });

  it('that are damaged or gone later leave what they said before in force, and a line in the log', async () => {
    await add('ingest', 'key.jwk');
    const key = await openServiceKey(join(directory, 'key.jwk'), { logger });
    const { id } = await key();
    await writeFile(join(directory, 'key.jwk'), '{"kty":"OKP"');
    vi.advanceTimersByTime(REREAD_AFTER_MS);
    expect((await key()).id).toBe(id);
    await rm(join(directory, 'key.jwk'));
    vi.advanceTimersByTime(2 * REREAD_AFTER_MS);
    expect((await key()).id).toBe(id);
    expect(lines.join()).toContain('what it said before counts');
  });

  it('are read once for all who ask at the same time', async () => {
    await add('ingest', 'key.jwk');
    const keys = await openServicePublicKeys(publicKeysFile, { logger });
    const before = await keys();
    expect(await keys()).toBe(before);
    await add('ingest', 'new.jwk');
    vi.advanceTimersByTime(REREAD_AFTER_MS);
    const answers = await Promise.all([keys(), keys(), keys()]);
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]?.size).toBe(2);
  });

  it('stop a service that starts without them', async () => {
    await expect(openServiceKey(join(directory, 'absent.jwk'), { logger })).rejects.toThrow(
      'absent.jwk cannot be read',
    );
    await add('ingest', 'key.jwk');
    await expect(openServicePublicKeys(join(directory, 'key.jwk'), { logger })).rejects.toMatchObject({
      code: 'config_invalid',
    });
    await expect(openServiceKey(publicKeysFile, { logger })).rejects.toMatchObject({ code: 'config_invalid' });
  });
});

describe('a new key', () => {
  it('is readable by its owner only, and its private half stands nowhere else', async () => {
    await add('dispatcher', 'key.jwk');
    const { d } = JSON.parse(await readFile(join(directory, 'key.jwk'), 'utf8')) as { d: string };
    expect((await stat(join(directory, 'key.jwk'))).mode & 0o777).toBe(0o600);
    expect(await readFile(publicKeysFile, 'utf8')).not.toContain(d);
  });

  it('never overwrites one, and is never the third', async () => {
    await add('ingest', '1.jwk');
    const first = await readFile(join(directory, '1.jwk'), 'utf8');
    await expect(add('ingest', '1.jwk')).rejects.toThrow('1.jwk exists');
    expect(await readFile(join(directory, '1.jwk'), 'utf8')).toBe(first);
    await add('ingest', '2.jwk');
    await expect(add('ingest', '3.jwk')).rejects.toThrow('retire the old');
    await add('dispatcher', '3.jwk');
  });
});

describe('a document of public keys is refused', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  it.each<[string, unknown]>([
    ['that is no JSON', 'nothing'],
    ['that is a bare JWKS, which says nobody’s name', { keys: [jwk] }],
    ['with a service nobody knows', { payroll: { keys: [jwk] } }],
    ['with a list instead of a key set', { ingest: [jwk] }],
    ['with a key of another kind', { ingest: { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB' }] } }],
    ['with a key that is no point', { ingest: { keys: [{ ...jwk, x: 'short' }] } }],
    ['with a private key', { ingest: { keys: [{ ...jwk, d: 'canary' }] } }],
    ['with one key for two services', { ingest: { keys: [jwk] }, dispatcher: { keys: [jwk] } }],
    ['with three keys for one', { ingest: { keys: [jwk, { ...jwk, x: 'a' }, { ...jwk, x: 'b' }] } }],
  ])('%s', async (_, document) => {
    await writeFile(publicKeysFile, typeof document === 'string' ? document : JSON.stringify(document));
    const opened = openServicePublicKeys(publicKeysFile, { logger });
    await expect(opened).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(opened).rejects.not.toThrow('canary');
  });
});
