import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { ServiceName } from '@agent-platform/runtime';
import type { Logger } from '@agent-platform/telemetry';
import { rereadFile } from './reread-file.ts';
import { generateServiceKey, invalidKey, parseServiceKey, type ServiceKey } from './service-key.ts';
import {
  MAX_KEYS_OF_A_SERVICE,
  parseServiceKeySets,
  readServicePublicKeys,
  type ServiceKeySets,
  type ServicePublicKeys,
} from './service-public-keys.ts';

/** The key in a file, also after the file was replaced. @throws AppError `config_invalid` */
export function openServiceKey(file: string, o: { logger: Logger }): Promise<() => Promise<ServiceKey>> {
  return rereadFile({ file, parse: parseServiceKey, describe: ({ id }) => ({ id }), ...o });
}

/** The public keys in a file, also after the file was replaced. @throws AppError `config_invalid` */
export function openServicePublicKeys(file: string, o: { logger: Logger }): Promise<() => Promise<ServicePublicKeys>> {
  const describe = (keys: ServicePublicKeys) => ({ keys: [...keys].map(([id, { owner }]) => `${owner} ${id}`) });
  return rereadFile({ file, parse: readServicePublicKeys, describe, ...o });
}

export interface ServiceKeyFiles {
  readonly service: ServiceName;
  /** Must not exist: a key that is in use is never overwritten. Readable by its owner only. */
  readonly privateKeyFile: string;
  /** Gets the public key beside those it has. Made when it does not exist. */
  readonly publicKeysFile: string;
}

/** Makes a key pair for a service, and answers its id. @throws AppError `config_invalid` */
export async function addServiceKey({ service, privateKeyFile, publicKeysFile }: ServiceKeyFiles): Promise<string> {
  const sets = await readSets(publicKeysFile);
  const keys = sets[service]?.keys ?? [];
  if (keys.length >= MAX_KEYS_OF_A_SERVICE) {
    throw invalidKey(`${service} has ${keys.length} keys in ${publicKeysFile} already; retire the old one first.`);
  }
  const { privateJwk, publicJwk } = await generateServiceKey();
  await writeFile(privateKeyFile, `${JSON.stringify(privateJwk)}\n`, { mode: 0o600, flag: 'wx' }).catch((error) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? invalidKey(`${privateKeyFile} exists; name a file that does not.`)
      : error;
  });
  await writeSets(publicKeysFile, { ...sets, [service]: { keys: [...keys, publicJwk] } });
  return publicJwk.kid!;
}

/** Leaves a service the newest of its keys, and answers the ids of the others. @throws AppError `config_invalid` */
export async function retireServiceKeys(o: Omit<ServiceKeyFiles, 'privateKeyFile'>): Promise<string[]> {
  const sets = await readSets(o.publicKeysFile);
  const keys = sets[o.service]?.keys ?? [];
  await writeSets(o.publicKeysFile, { ...sets, [o.service]: { keys: keys.slice(-1) } });
  return keys.slice(0, -1).map(({ kid }) => kid ?? 'without kid');
}

async function readSets(file: string): Promise<ServiceKeySets> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return parseServiceKeySets(text);
}

/** Services that read meanwhile see the old keys or the new ones. */
async function writeSets(file: string, sets: ServiceKeySets): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${JSON.stringify(sets, null, 2)}\n`, { flag: 'wx' });
  await rename(draft, file);
}
