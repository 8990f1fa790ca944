import { readFile } from 'node:fs/promises';
import { AppError } from '@agent-platform/errors';
import { createFaultLog, type Logger } from '@agent-platform/telemetry';

/** How old may be what is known of a file. */
export const REREAD_AFTER_MS = 5_000;

export interface RereadOptions<T> {
  readonly file: string;
  /** Rejects for a text that is not what is expected. */
  readonly parse: (text: string) => Promise<T>;
  readonly logger: Logger;
  /** What a log line says of a new value. */
  readonly describe: (value: T) => object;
}

/**
 * The content of a file, never more than {@link REREAD_AFTER_MS} older than the file when somebody asks for it. The same
 * object for as long as the file does not change. A file that is gone or damaged later leaves the last good content in force:
 * a mistake in one file that all services have must not stop all of them.
 *
 * @throws AppError `config_invalid` when the first content is of no use.
 */
export async function rereadFile<T>(o: RereadOptions<T>): Promise<() => Promise<T>> {
  const logFault = createFaultLog(
    o.logger,
    () => performance.now(),
    `${o.file} is of no use; what it said before counts`,
  );
  let text = await readFile(o.file, 'utf8').catch((cause: unknown) => {
    throw new AppError('invalid_argument', 'config_invalid', `${o.file} cannot be read.`, { cause });
  });
  let value = await o.parse(text).catch((error: unknown) => {
    throw error instanceof AppError ? new AppError(error.kind, error.code, `${o.file}: ${error.message}`) : error;
  });
  let readAtMs = performance.now();
  o.logger.info({ file: o.file, ...o.describe(value) }, 'read');
  let reading: Promise<T> | undefined;

  async function read(): Promise<T> {
    try {
      const now = await readFile(o.file, 'utf8');
      if (now !== text) {
        value = await o.parse(now);
        text = now;
        o.logger.info({ file: o.file, ...o.describe(value) }, 'read again');
      }
    } catch (error) {
      logFault(error);
    }
    readAtMs = performance.now();
    reading = undefined;
    return value;
  }

  return async () => {
    if (!reading && performance.now() - readAtMs < REREAD_AFTER_MS) return value;
    return await (reading ??= read());
  };
}
