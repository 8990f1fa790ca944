import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@agent-platform/errors';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';

/** As Auth0 signs by default. */
export const ISSUER_ALGORITHM = 'RS256';

export interface IssuerKey {
  readonly privateKey: CryptoKey;
  /** With `kid`, `alg` and `use`, as it is published. */
  readonly publicJwk: JWK;
}

/** Reads the key, or makes it first: tokens stay good when the platform is started again. Only its owner may read it. */
export async function loadIssuerKey(file: string): Promise<IssuerKey> {
  const text = (await read(file)) ?? (await create(file));
  try {
    const jwk = JSON.parse(text) as JWK;
    const { kty, n, e, kid } = jwk;
    if (!kid || !jwk.d) throw new TypeError('not a private key with an id');
    return {
      privateKey: (await importJWK(jwk, ISSUER_ALGORITHM)) as CryptoKey,
      publicJwk: { kty, n, e, kid, alg: ISSUER_ALGORITHM, use: 'sig' } as JWK,
    };
  } catch (cause) {
    throw new AppError(
      'failed_precondition',
      'issuer_key_unreadable',
      `The key of the development issuer in ${file} is damaged. Delete the file; a new key is made at the next start.`,
      { cause },
    );
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Appears complete or not at all, and never replaces the key another process made meanwhile. */
async function create(file: string): Promise<string> {
  const { privateKey } = await generateKeyPair(ISSUER_ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const text = JSON.stringify({ ...jwk, kid: await calculateJwkThumbprint(jwk) });
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return await readFile(file, 'utf8');
  } finally {
    await unlink(draft);
  }
}
