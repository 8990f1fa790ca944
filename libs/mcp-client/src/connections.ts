import { startDeadline } from '@agent-platform/outbound';
import { createSingleFlight } from '@agent-platform/concurrency';
import { LRUCache } from 'lru-cache';
import type { Context } from './context.ts';
import type { Connection } from './dialects.ts';
import { discover, type Contact } from './discovery.ts';
import { DialectRefusedError } from './errors.ts';
import { inTime } from './in-time.ts';
import type { Target } from './server.ts';

const MAX_REMEMBERED = 1_000;

/** Remembers how to talk to each server under each credential. Finds it out once, however many ask at the same time. */
export class Connections {
  readonly #context: Context;
  readonly #discoveryTimeoutMs: number;
  readonly #known = new LRUCache<string, Connection>({ max: MAX_REMEMBERED });
  readonly #discoverOnce = createSingleFlight<Contact>();

  constructor(context: Context, discoveryTimeoutMs: number) {
    this.#context = context;
    this.#discoveryTimeoutMs = discoveryTimeoutMs;
  }

  /** @throws McpError */
  async contact(target: Target, signal: AbortSignal, traceparent: string | undefined): Promise<Contact> {
    const connection = this.#known.get(target.key);
    if (connection) return { connection, firstPage: undefined };
    const discovered = this.#discoverOnce(target.key, () => this.#discover(target, traceparent));
    return await inTime(discovered, signal, target, 'tools/list');
  }

  /**
   * Does `work` on the connection known for the target. Where the server refuses its dialect, forgets it, connects anew
   * and does the work once more if `mayRepeat` says so.
   */
  async use<T>(
    target: Target,
    connect: () => Promise<Contact>,
    work: (contact: Contact) => Promise<T>,
    mayRepeat: (fresh: Connection, old: Connection) => boolean,
  ): Promise<T> {
    const contact = await connect();
    try {
      return await work(contact);
    } catch (error) {
      if (!(error instanceof DialectRefusedError)) throw error;
      this.#forget(target, contact.connection);
      const fresh = await connect();
      if (!mayRepeat(fresh.connection, contact.connection)) throw error;
      return await work(fresh);
    }
  }

  /** Forgets `connection`, unless somebody has already put another one in its place. */
  #forget(target: Target, connection: Connection): void {
    if (this.#known.get(target.key) === connection) this.#known.delete(target.key);
  }

  async #discover(target: Target, traceparent: string | undefined): Promise<Contact> {
    // Not the signal of whoever asked first: others wait for the same.
    using deadline = startDeadline(this.#discoveryTimeoutMs);
    const contact = await discover(this.#context, target, { signal: deadline.signal, traceparent });
    this.#known.set(target.key, contact.connection);
    const { dialect } = contact.connection;
    this.#context.logger.debug(
      { mcp_origin: target.url.origin, mcp_dialect: dialect },
      'found out how to talk to an MCP server',
    );
    return contact;
  }
}
