import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addServiceKey } from '@agent-platform/auth';
import { LOOPBACK_ADDRESSES } from '@agent-platform/outbound';
import { DEVELOPMENT_AUDIENCE } from '@agent-platform/platform';
import type { Env } from '@agent-platform/config';
import { SERVICE_NAMES, type ServiceName } from '@agent-platform/runtime';
import { generateVersionedKey } from '@agent-platform/token-service';

const COMPILE_CACHE = join(import.meta.dirname, '../../../node_modules/.cache/node');

/** Where the services of a cluster find what they need. */
export interface Addresses {
  readonly busUrl: string;
  readonly databases: Databases;
  readonly managementApiUrl: string;
  readonly tokenServiceUrl: string;
  readonly dispatcherUrl: string;
  readonly issuerUrl: string;
}

/** One database for each service that has one. */
export type Databases = Readonly<Record<'token-service' | 'management-api' | 'dispatcher', string>>;

/** The variables each service is started with, as an operator would set them. */
export async function environments(directory: string, at: Addresses): Promise<Record<ServiceName, Env>> {
  const secret = (name: string, create: () => string) => readOrCreate(join(directory, name), create);
  const { keyFile, publicKeysFile } = await serviceKeys(directory);
  const shared = {
    // Halves the time a service needs to start, from the second time on.
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    ...process.env,
    HOST: '127.0.0.1',
  };
  const tokenService = { TOKEN_SERVICE_URL: at.tokenServiceUrl };
  // Here the MCP servers and the issuer are on this machine too.
  const local = LOOPBACK_ADDRESSES.join(',');
  const mcp = { MCP_ALLOWED_ADDRESSES: local };
  return {
    ingest: { ...shared, ...tokenService, EVENT_BUS_URL: at.busUrl, SERVICE_KEY_FILE: keyFile('ingest') },
    'token-service': {
      ...shared,
      DATABASE_URL: at.databases['token-service'],
      SERVICE_PUBLIC_KEYS_FILE: publicKeysFile,
      EVENT_BUS_URL: at.busUrl,
      TOKEN_PEPPERS: await secret('token-peppers', generateVersionedKey),
      CREDENTIAL_KEYS: await secret('credential-keys', generateVersionedKey),
    },
    'management-api': {
      ...shared,
      ...tokenService,
      ...mcp,
      DATABASE_URL: at.databases['management-api'],
      SERVICE_KEY_FILE: keyFile('management-api'),
      SERVICE_PUBLIC_KEYS_FILE: publicKeysFile,
      DISPATCHER_URL: at.dispatcherUrl,
      AUTH_ISSUER: `${at.issuerUrl}/`,
      AUTH_AUDIENCE: DEVELOPMENT_AUDIENCE,
      AUTH_ALLOWED_ADDRESSES: local,
    },
    dispatcher: {
      ...shared,
      ...tokenService,
      ...mcp,
      DATABASE_URL: at.databases.dispatcher,
      SERVICE_KEY_FILE: keyFile('dispatcher'),
      SERVICE_PUBLIC_KEYS_FILE: publicKeysFile,
      EVENT_BUS_URL: at.busUrl,
      MANAGEMENT_API_URL: at.managementApiUrl,
    },
  };
}

/** A new key for each service at every start of the cluster: they start together. */
async function serviceKeys(directory: string) {
  const place = serviceKeysOf(directory);
  await rm(place.directory, { recursive: true, force: true });
  await mkdir(place.directory, { mode: 0o700 });
  for (const service of SERVICE_NAMES) {
    await addServiceKey({ service, privateKeyFile: place.keyFile(service), publicKeysFile: place.publicKeysFile });
  }
  return place;
}

/** Where the keys of the services of a cluster are. */
export function serviceKeysOf(clusterDirectory: string) {
  const directory = join(clusterDirectory, 'service-keys');
  const keyFile = (service: ServiceName) => join(directory, `${service}.jwk`);
  return { directory, keyFile, publicKeysFile: join(directory, 'service-keys.json') };
}

async function readOrCreate(file: string, create: () => string): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  const text = create();
  await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  return text;
}
