import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addServiceKey, createServiceIdentity, openServiceKey, type ServiceIdentity } from '@agent-platform/auth';
import { SERVICE_NAMES, type ServiceName } from '@agent-platform/runtime';
import { createLogger } from '@agent-platform/telemetry';

export interface ServiceKeyFiles extends AsyncDisposable {
  readonly publicKeysFile: string;
  readonly privateKeyFile: (service: ServiceName) => string;
  /** @param keyFile - default: the one it was made with. */
  readonly identityOf: (service: ServiceName, keyFile?: string) => Promise<ServiceIdentity>;
  /** The private keys themselves: what must be found nowhere. */
  readonly secrets: () => Promise<string[]>;
}

/** A key pair of every service, in the files an operator would give to processes; gone when disposed. */
export async function createServiceKeyFiles(): Promise<ServiceKeyFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'service-keys-'));
  const publicKeysFile = join(directory, 'service-keys.json');
  const privateKeyFile = (service: ServiceName) => join(directory, `${service}.jwk`);
  for (const service of SERVICE_NAMES) {
    await addServiceKey({ service, privateKeyFile: privateKeyFile(service), publicKeysFile });
  }
  const logger = createLogger({ level: 'silent', service: 'test' });
  const secretOf = async (service: ServiceName) =>
    (JSON.parse(await readFile(privateKeyFile(service), 'utf8')) as { d: string }).d;
  return {
    publicKeysFile,
    privateKeyFile,
    async identityOf(service, keyFile = privateKeyFile(service)) {
      return createServiceIdentity({ service, key: await openServiceKey(keyFile, { logger }) });
    },
    secrets: () => Promise.all(SERVICE_NAMES.map(secretOf)),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}
