import type { Logger } from '@agent-platform/telemetry';
import pg, { type Pool } from 'pg';
import { connectionOptions } from './connection-options.ts';

export type { Pool, PoolClient } from 'pg';

export interface PoolOptions {
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Connections, at most. Default 10. */
  readonly max?: number;
  /** How long one statement may take. Default 30,000. */
  readonly statementTimeoutMs?: number;
  /** Of each session, beside what the URL's `options` or PGOPTIONS say. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

/** Less than the 5 s after which services give up calls of each other: whoever calls is told why. */
const CONNECTION_WITHIN_MS = 4_000;

/**
 * A pool whose waits are all bounded: for a connection (4 s at most), for a statement. `bigint` columns come as
 * text, as node-postgres does by default, so that no value silently loses digits.
 *
 * `sslmode` and its files in the URL: {@link connectionOptions}.
 *
 * Connections that break are logged and replaced; they never end the process.
 *
 * @throws AppError `config_invalid`
 */
export function createPool(options: PoolOptions): Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  const pool = new pg.Pool({
    ...connectionOptions(withSettings(options.url, options.settings)),
    application_name: options.applicationName,
    max: options.max ?? 10,
    connectionTimeoutMillis: Math.min(CONNECTION_WITHIN_MS, statementTimeoutMs),
    statement_timeout: statementTimeoutMs,
    // Later than the server's own limit: it only fires when the server cannot be heard any more.
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  pool.on('connect', (client) => {
    // The whole error would log the client that hangs on it.
    client.on('error', (error: Error & { code?: string }) => {
      // An ended pool does not wait for its connections to close: one that the server still closes is no loss.
      if (!pool.ending) options.logger.warn({ code: error.code, reason: error.message }, 'database connection lost');
    });
  });
  // Said above already. Without this listener the loss of an idle connection ends the process, and without the
  // other one the loss of a connection in use does (https://github.com/brianc/node-postgres/issues/2112).
  pool.on('error', () => undefined);
  return pool;
}

/** node-postgres takes PGOPTIONS only where the URL has no options. */
function withSettings(url: string, settings: PoolOptions['settings'] = {}): string {
  const added = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const parsed = URL.parse(url);
  if (added.length === 0 || !parsed) return url;
  const given = parsed.searchParams.get('options') ?? process.env['PGOPTIONS'];
  parsed.searchParams.set('options', [given, ...added].filter(Boolean).join(' '));
  return parsed.href;
}
