import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { AppError } from '@agent-platform/errors';

export interface ConnectionOptions {
  readonly connectionString: string;
  readonly ssl: false | TlsOptions;
}

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'];
const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
/** What libpq calls the CAs that everybody trusts; here those that come with Node. */
const PUBLIC_CAS = 'system';

/**
 * What node-postgres is given for a URL. `sslmode` means what libpq says: `require` encrypts without looking at the
 * certificate, or as `verify-ca` when there is a CA; `verify-ca` wants it of that CA; `verify-full` for this host too.
 * `sslrootcert`, `sslcert` and `sslkey` are PEM files. node-postgres takes the first three for the last one, and warns
 * that this will change. Without `sslmode` there is no TLS. `allow` and `prefer`, which go on without TLS where
 * somebody keeps it away, are refused. https://www.postgresql.org/docs/18/libpq-ssl.html
 *
 * @throws AppError `config_invalid`
 */
export function connectionOptions(url: string): ConnectionOptions {
  const parsed = URL.parse(url);
  if (!parsed) throw refuse('is not a valid URL.');
  const { searchParams } = parsed;
  if (searchParams.has('ssl')) throw refuse('has the parameter "ssl": say sslmode instead.');
  const [mode, ca, cert, key] = PARAMETERS.map((name) => searchParams.get(name) ?? undefined);
  if (mode === undefined && (ca ?? cert ?? key) === undefined) return { connectionString: url, ssl: false };
  for (const name of PARAMETERS) searchParams.delete(name);
  return { connectionString: parsed.href, ssl: tlsOptions(mode, ca, cert, key) };
}

function tlsOptions(mode = '', ca?: string, cert?: string, key?: string): false | TlsOptions {
  if (!MODES.includes(mode)) throw refuse(`must have an sslmode of ${MODES.join(', ')}${mode && `, not ${mode}`}.`);
  if (mode === 'disable') return false;
  if ((cert === undefined) !== (key === undefined)) throw refuse('must have both sslcert and sslkey, or neither.');
  const verifies = mode !== 'require';
  if (ca === undefined && verifies) {
    throw refuse(`has sslmode=${mode}: give the CA as sslrootcert, a PEM file, or sslrootcert=system for public CAs.`);
  }
  if (ca === PUBLIC_CAS && mode !== 'verify-full') {
    throw refuse(`has sslrootcert=system: anybody can get such a certificate, so sslmode must be verify-full.`);
  }
  return {
    ...(ca === undefined ? { rejectUnauthorized: false } : { rejectUnauthorized: true }),
    ...(ca !== undefined && ca !== PUBLIC_CAS && { ca: read('sslrootcert', ca) }),
    ...(cert !== undefined && { cert: read('sslcert', cert) }),
    ...(key !== undefined && { key: read('sslkey', key) }),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw refuse(`names ${file} as ${name}, which cannot be read (${code}).`, cause);
  }
}

function refuse(what: string, cause?: unknown): AppError {
  return new AppError('invalid_argument', 'config_invalid', `The URL of the database ${what}`, { cause });
}
