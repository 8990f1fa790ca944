import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cluster, serviceKeysOf } from '@agent-platform/cluster';
import { SERVICE_NAMES } from '@agent-platform/runtime';
import type { Evidence } from './evidence.ts';
import type { Secrets } from './secrets.ts';

/**
 * The logs of all processes and the files of the database: with its write-ahead log, so that what was written and
 * deleted again is found too. The rest of a cluster's directory is where secrets belong: the keys, peppers and the
 * issuer's key that an operator gives the services in their environment, and the database's password.
 */
export async function* readFiles({ directory }: Cluster): AsyncGenerator<Evidence> {
  for await (const name of glob('*.log', { cwd: directory })) {
    yield { place: 'logs', name, content: await readFile(join(directory, name)) };
  }
  const files = glob(['postgres/data/**/*', 'postgres/*.log'], { cwd: directory, withFileTypes: true });
  for await (const file of files) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    const content = await readFile(path);
    yield { place: 'database files and log', name: path.slice(directory.length + 1), content };
  }
}

/** What the services were started with must not come out of them either. */
export async function noteEnvironment(cluster: Cluster, secrets: Secrets): Promise<void> {
  const read = (name: string) => readFile(join(cluster.directory, name), 'utf8');
  for (const service of SERVICE_NAMES) {
    const { d } = JSON.parse(await readFile(serviceKeysOf(cluster.directory).keyFile(service), 'utf8')) as {
      d: string;
    };
    secrets.note(`the private key of ${service}`, d);
  }
  for (const name of ['token-peppers', 'credential-keys']) {
    const keys = await read(name);
    secrets.note(name, keys, keys.slice(keys.indexOf(':') + 1));
  }
  const { d } = JSON.parse(await read('development-issuer.jwk')) as { d: string };
  secrets.note("the issuer's private key", d);
  const { password } = new URL(cluster.databases.dispatcher);
  secrets.note("the database's password", decodeURIComponent(password));
}
