import { chmod, chown, copyFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppError } from '@agent-platform/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// The package is built on this one; the file is on its own.
import {
  createCertificateAuthority,
  type Certificate,
  type CertificateAuthority,
} from '../../testing/src/certificates.ts';
import { EmbeddedPostgres } from '@agent-platform/embedded-postgres';
import { createPool, isDatabaseUnavailable, listen, migrate } from '../src/index.ts';
import { logger, temporaryDirectory } from './server.ts';

const resources = new AsyncDisposableStack();
let dataDir: string;
/** Empty. */
let migrationsDir: string;
let server: EmbeddedPostgres;
let ca: CertificateAuthority;
let other: CertificateAuthority;

/** Without TLS only the administrator of these tests is let in. */
const HBA = `
host postgres postgres 127.0.0.1/32 scram-sha-256
hostssl certificate postgres 127.0.0.1/32 scram-sha-256 clientcert=verify-full
hostssl all postgres 127.0.0.1/32 scram-sha-256
`;

beforeAll(async () => {
  migrationsDir = resources.use(await temporaryDirectory()).path;
  dataDir = join(resources.use(await temporaryDirectory()).path, 'postgres');
  server = resources.use(await EmbeddedPostgres.start({ dataDir, durable: false, logger }));
  ca = resources.use(await createCertificateAuthority());
  other = resources.use(await createCertificateAuthority());
  await Promise.all(['app', 'certificate'].map((name) => server.createDatabase(name)));
});
afterAll(() => resources.disposeAsync());

/** Puts a file where the server reads it, as the server's own. */
async function give(name: string, file: string): Promise<void> {
  const data = join(dataDir, 'data');
  const { uid, gid } = await stat(data);
  await copyFile(file, join(data, name));
  await chown(join(data, name), uid, gid);
  await chmod(join(data, name), 0o600);
}

async function turnTlsOn(): Promise<void> {
  const { certFile, keyFile } = await ca.issue('the database', ['DNS:localhost']);
  await Promise.all([give('server.crt', certFile), give('server.key', keyFile), give('root.crt', ca.caFile)]);
  await writeFile(join(dataDir, 'data/pg_hba.conf'), HBA);
  const pool = createPool({ url: server.url('postgres'), applicationName: 'test', max: 1, logger });
  for (const setting of ["ssl = 'on'", "ssl_ca_file = 'root.crt'"]) await pool.query(`alter system set ${setting}`);
  await pool.query('select pg_reload_conf()');
  await pool.end();
  // The postmaster reads it a moment later.
  while ((await attempt({ sslmode: 'require' })) !== 'ok') await sleep(20);
}

interface At {
  readonly host?: string;
  readonly database?: string;
  readonly password?: string;
}

function urlOf(
  parameters: Record<string, string>,
  { host = 'localhost', database = 'app', password }: At = {},
): string {
  const url = new URL(server.url(database));
  url.hostname = host;
  if (password !== undefined) url.password = password;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** As a service starts. */
const attempt = (parameters: Record<string, string>, at?: At) =>
  migrate({ url: urlOf(parameters, at), migrationsDir }).then(
    () => 'ok',
    (error: AppError) => `${error.kind} ${error.code}: ${error.message}`,
  );

describe('a server without TLS', () => {
  it('is not used where TLS is wanted', async () => {
    expect(await attempt({ sslmode: 'require' })).toMatch(/^unavailable database_refused: .*set sslmode=disable/);
    expect(await attempt({ sslmode: 'disable' })).toBe('ok');
  });
});

describe('a server with TLS', () => {
  beforeAll(turnTlsOn);

  it('is not used without', async () => {
    const answer = /^unavailable database_refused: .*sslmode, sslcert, or pg_hba.conf.*no encryption/;
    expect(await attempt({})).toMatch(answer);
    expect(await attempt({ sslmode: 'disable' })).toMatch(answer);
  });

  const at = { byName: 'localhost', byAddress: '127.0.0.1' };
  const issuer = /database_refused: .*give the CA that signed it/;
  const host = /database_refused: .*connect by a name it is for/;
  it.each([
    // The certificate is for localhost. What libpq says of each: https://www.postgresql.org/docs/18/libpq-ssl.html
    ['require', 'none', 'byName', /^ok$/],
    ['require', 'none', 'byAddress', /^ok$/],
    ['require', 'right', 'byAddress', /^ok$/],
    ['require', 'wrong', 'byName', issuer],
    ['verify-ca', 'right', 'byName', /^ok$/],
    ['verify-ca', 'right', 'byAddress', /^ok$/],
    ['verify-ca', 'wrong', 'byName', issuer],
    ['verify-full', 'right', 'byName', /^ok$/],
    ['verify-full', 'right', 'byAddress', host],
    ['verify-full', 'wrong', 'byName', issuer],
    ['verify-full', 'system', 'byName', issuer],
  ] as const)('sslmode=%s, CA: %s, %s', async (sslmode, which, name, answer) => {
    const files = { none: undefined, right: ca.caFile, wrong: other.caFile, system: 'system' };
    const sslrootcert = files[which];
    expect(await attempt({ sslmode, ...(sslrootcert && { sslrootcert }) }, { host: at[name] })).toMatch(answer);
  });

  it('says that the password is wrong, and not which', async () => {
    const answer = await attempt({ sslmode: 'require' }, { password: 'wrong-canary' });
    expect(answer).toMatch(/^unavailable database_refused: .*refuses user or password, or sslcert .*: correct them/);
    expect(answer).not.toContain('canary');
  });

  it('knows its clients by their certificates', async () => {
    const mine = await ca.issue('postgres');
    const others = await ca.issue('somebody-else');
    const foreign = await other.issue('postgres');
    const as = ({ certFile, keyFile }: Certificate) =>
      attempt({ sslmode: 'require', sslcert: certFile, sslkey: keyFile }, { database: 'certificate' });
    expect(await as(mine)).toBe('ok');
    expect(await as(others)).toMatch(/database_refused: .*sslcert/);
    expect(await as(foreign)).toMatch(/database_refused: .*sslcert/);
    expect(await as({ ...mine, keyFile: others.keyFile })).toMatch(/database_refused: .*sslcert/);
    const without = await attempt({ sslmode: 'require' }, { database: 'certificate' });
    expect(without).toMatch(/database_refused: .*sslcert.*valid client certificate/);
  });

  it('is what every connection of a process uses', async () => {
    const url = urlOf({ sslmode: 'verify-full', sslrootcert: ca.caFile });
    const pool = createPool({ url, applicationName: 'test', max: 1, logger });
    const { rows } = await pool.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    expect(rows).toEqual([{ ssl: true }]);
    const heard = Promise.withResolvers<string>();
    const onConnect = () => void pool.query(`select pg_notify('news', 'x')`);
    await using _listening = listen({ url, channel: 'news', logger, onConnect, onNotification: heard.resolve });
    expect(await heard.promise).toBe('x');
    await pool.end();
  });

  it('that lets nobody in any more is an outage', async () => {
    const url = urlOf({ sslmode: 'verify-full', sslrootcert: other.caFile });
    for (const wrong of [url, urlOf({ sslmode: 'require' }, { password: 'wrong' })]) {
      const pool = createPool({ url: wrong, applicationName: 'test', max: 1, logger });
      const error: unknown = await pool.query('select 1').catch((thrown: unknown) => thrown);
      expect(isDatabaseUnavailable(error)).toBe(true);
      await pool.end();
    }
  });
});
