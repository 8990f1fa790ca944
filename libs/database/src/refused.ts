import { AppError, tlsFailureOf, type TlsFailure } from '@agent-platform/errors';

const TLS: Readonly<Record<TlsFailure, string>> = {
  issuer: 'Its certificate is not of the CA in sslrootcert: give the CA that signed it.',
  host: 'Its certificate is for another host: connect by a name it is for, or give it one for this name.',
  time: 'Its certificate is not valid at this time: renew it, or set the clock.',
  handshake: 'The TLS handshake failed: check sslcert and sslkey, and which CA the server takes for clients.',
};

/**
 * What an operator has to mend before the database and this program talk to each other: certificates, TLS, user and
 * password. For the log and a start; it may quote names of the configuration, and no secret.
 *
 * @returns AppError `unavailable` `database_refused`: somebody may mend it meanwhile. `undefined` for other errors.
 */
export function connectionRefused(error: unknown): AppError | undefined {
  const advice = error instanceof Error ? adviceOf(error) : undefined;
  if (advice === undefined) return undefined;
  const message = `The database cannot be used. ${advice}`;
  return new AppError('unavailable', 'database_refused', message, { cause: error, retryAfterSeconds: 2 });
}

function adviceOf({ code, message }: Error & { code?: string }): string | undefined {
  const tls = tlsFailureOf(code);
  if (tls) return `${TLS[tls]} (${message})`;
  if (/server does not support SSL/i.test(message))
    return 'It has no TLS: turn "ssl" on there, or set sslmode=disable.';
  if (code === '28P01') return 'It refuses user or password, or sslcert is not of this user: correct them in the URL.';
  if (code === '28000') return `It does not let this user in like that: sslmode, sslcert, or pg_hba.conf. (${message})`;
  if (code === '3D000') return `Create the database, or correct its name in the URL. (${message})`;
  return undefined;
}
