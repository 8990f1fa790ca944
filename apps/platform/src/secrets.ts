import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@agent-platform/errors';
import { generateVersionedKey, parseVersionedKeys, type VersionedKeys } from '@agent-platform/token-service';

/** The secrets one machine makes for itself; in a cluster an operator provides them. */
export interface Secrets {
  readonly peppers: VersionedKeys;
  readonly keyRing: VersionedKeys;
  /** Where the development issuer keeps its key. */
  readonly issuerKeyFile: string;
}

/** Reads a file, or writes it the first time: whole or not at all, readable by its owner only. */
async function readOrCreate(file: string, create: () => string): Promise<string> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${create()}\n`, { mode: 0o600 });
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft);
  return (await readFile(file, 'utf8')).trim();
}

async function versionedKeys(file: string): Promise<VersionedKeys> {
  const keys = parseVersionedKeys(await readOrCreate(file, generateVersionedKey));
  if (keys) return keys;
  throw new AppError('failed_precondition', 'secret_unreadable', `${file} is damaged; restore it from a backup.`);
}

/** Reads the secrets of a data directory, and makes what is not there yet. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const directory = join(dataDir, 'secrets');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  return {
    peppers: await versionedKeys(join(directory, 'token-peppers')),
    keyRing: await versionedKeys(join(directory, 'credential-keys')),
    issuerKeyFile: join(directory, 'development-issuer.jwk'),
  };
}
