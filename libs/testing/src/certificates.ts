import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** PEM files: the key as PKCS#8, which Kafka wants. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateAuthority extends AsyncDisposable {
  readonly caFile: string;
  /** @param names - `DNS:localhost`, `IP:127.0.0.1`; none for a client. */
  issue(commonName: string, names?: readonly string[]): Promise<Certificate>;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const CONFIG = '[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n';

/** A CA of its own that signs for two days, by the system's `openssl`; its files go when it is disposed. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  await using resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'agent-platform-certificates-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  const openssl = async (...args: string[]) => void (await promisify(execFile)('openssl', args, { cwd: directory }));
  const file = (name: string) => join(directory, name);
  await writeFile(file('openssl.cnf'), CONFIG);
  const config = ['-config', 'openssl.cnf'];
  const ca = ['-subj', '/CN=Test CA', '-extensions', 'ca', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt'];
  await openssl('req', '-x509', ...config, ...NEW_KEY, ...ca);
  let count = 0;
  const owned = resources.move();
  return {
    caFile: file('ca.crt'),
    async issue(commonName, names = []) {
      const name = String(++count);
      const files = { certFile: file(`${name}.crt`), keyFile: file(`${name}.key`) };
      const request = ['-subj', `/CN=${commonName}`, '-keyout', files.keyFile, '-out', `${name}.csr`];
      await openssl('req', '-new', ...config, ...NEW_KEY, ...request);
      await writeFile(file(`${name}.ext`), names.length > 0 ? `subjectAltName=${names.join(',')}\n` : '');
      const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', name, '-days', '2', '-extfile', `${name}.ext`];
      await openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', files.certFile);
      return files;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
