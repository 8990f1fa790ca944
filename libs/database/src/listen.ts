import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@agent-platform/telemetry';
import pg from 'pg';
import { connectionOptions } from './connection-options.ts';

export interface ListenOptions {
  readonly url: string;
  /** Also the name in `pg_stat_activity`. */
  readonly channel: string;
  readonly logger: Logger;
  readonly onNotification: (payload: string) => void;
  /** Notifications sent while there was no connection are lost: look for what they would have told. */
  readonly onConnect: () => void;
}

const RECONNECT_AFTER_MS = 500;

/** Listens to a channel (`NOTIFY`) on a connection of its own, for as long as it lives, through any outage. */
export function listen(options: ListenOptions): AsyncDisposable {
  const closing = new AbortController();
  const running = (async () => {
    while (!closing.signal.aborted) {
      await listenOnce(options, closing.signal).catch((error: Error) => {
        if (!closing.signal.aborted) options.logger.warn({ reason: error.message }, 'listening connection lost');
      });
      await sleep(RECONNECT_AFTER_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  })();
  return {
    [Symbol.asyncDispose]: () => {
      closing.abort();
      return running;
    },
  };
}

async function listenOnce(options: ListenOptions, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({
    ...connectionOptions(options.url),
    application_name: options.channel,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  client.on('notification', ({ payload }) => options.onNotification(payload ?? ''));
  // Registered before connecting: a connection can break at any moment after that. Rejects on 'error' and abort.
  const ended = once(client, 'end', { signal });
  ended.catch(() => undefined);
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`listen ${client.escapeIdentifier(options.channel)}`);
    options.onConnect();
    await ended;
  } finally {
    // A connection that nobody answers on any more would keep us waiting for its last word.
    await Promise.race([client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })]);
  }
}
