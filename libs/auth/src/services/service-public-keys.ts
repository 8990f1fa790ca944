import { isServiceName, type ServiceName } from '@agent-platform/runtime';
import { importJWK, type CryptoKey, type JWK } from 'jose';
import { invalidKey, isEd25519, keyId, SERVICE_KEY_ALGORITHM } from './service-key.ts';

/** The one in use and, while it is changed, the one before or after it. More are keys that somebody forgot. */
export const MAX_KEYS_OF_A_SERVICE = 2;

/** By {@link keyId}. A key has one owner: what its tokens may say and call follows from who that is. */
export type ServicePublicKeys = ReadonlyMap<string, { readonly owner: ServiceName; readonly key: CryptoKey }>;

/** A JWKS (https://www.rfc-editor.org/rfc/rfc7517#section-5) for each service, by its name. */
export type ServiceKeySets = Partial<Record<ServiceName, { readonly keys: readonly JWK[] }>>;

/** @throws AppError `config_invalid` that says what is wrong with which service's keys. */
export function parseServiceKeySets(text: string): ServiceKeySets {
  const sets = parseJson(text);
  if (!isObject(sets)) throw invalidKey('It must be a JSON object: {"<service>": {"keys": [<public JWK>]}, …}.');
  for (const [service, set] of Object.entries(sets)) {
    if (!isServiceName(service)) throw invalidKey(`${JSON.stringify(service)} is not a service of this platform.`);
    if (!isObject(set) || !Array.isArray(set['keys'])) throw invalidKey(`${service} needs a list "keys".`);
    const keys: readonly unknown[] = set['keys'];
    if (keys.length > MAX_KEYS_OF_A_SERVICE) {
      throw invalidKey(`${service} has ${keys.length} keys; take the old ones out, ${MAX_KEYS_OF_A_SERVICE} may live.`);
    }
    if (!keys.every(isEd25519)) throw invalidKey(`${service} has a key that is no JWK of an Ed25519 public key.`);
    if (keys.some((key) => 'd' in key)) {
      throw invalidKey(`${service} has a private key among its public ones: everybody here could sign as ${service}.`);
    }
  }
  return sets;
}

/** @throws AppError `config_invalid` */
export async function readServicePublicKeys(text: string): Promise<ServicePublicKeys> {
  const known = new Map<string, { owner: ServiceName; key: CryptoKey }>();
  for (const [owner, set] of Object.entries(parseServiceKeySets(text)) as [ServiceName, { keys: JWK[] }][]) {
    for (const jwk of set.keys) {
      const id = await keyId(jwk);
      const other = known.get(id)?.owner;
      if (other) throw invalidKey(`The key ${id} of ${owner} is that of ${other} already; a key has one owner.`);
      const key = await importJWK(jwk, SERVICE_KEY_ALGORITHM).catch(() => undefined);
      if (!key) throw invalidKey(`The key ${id} of ${owner} cannot be read.`);
      known.set(id, { owner, key: key as CryptoKey });
    }
  }
  return known;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
