import { SERVICE_NAMES, type ServiceName } from '@agent-platform/runtime';
import type { Authenticate } from '../principal.ts';
import { createServiceAuthenticator } from './service-authenticator.ts';
import { createServiceIdentity, type ServiceIdentity } from './service-identity.ts';
import { generateServiceKey, parseServiceKey } from './service-key.ts';
import { readServicePublicKeys } from './service-public-keys.ts';

export interface ServiceIdentities {
  readonly identityOf: (service: ServiceName) => ServiceIdentity;
  /** Lets in the services that call `callee`. */
  readonly authenticatorOf: (callee: ServiceName) => Authenticate;
}

/** For services that share a process: each with a key of its own, made now and kept in memory only. */
export async function createServiceIdentities(): Promise<ServiceIdentities> {
  const pairs = await Promise.all(SERVICE_NAMES.map(async (service) => ({ service, ...(await generateServiceKey()) })));
  const sets = Object.fromEntries(pairs.map(({ service, publicJwk }) => [service, { keys: [publicJwk] }]));
  const publicKeys = await readServicePublicKeys(JSON.stringify(sets));
  const identities = new Map<ServiceName, ServiceIdentity>();
  for (const { service, privateJwk } of pairs) {
    const key = await parseServiceKey(JSON.stringify(privateJwk));
    identities.set(service, createServiceIdentity({ service, key: async () => key }));
  }
  return {
    identityOf: (service) => identities.get(service)!,
    authenticatorOf: (callee) => createServiceAuthenticator({ service: callee, keys: async () => publicKeys }),
  };
}
