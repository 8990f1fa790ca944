import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { redactFields, redactLine } from './redaction.ts';

export type { Logger };

/**
 * A JSON logger on standard error. Ids are fields, not text. Secrets are replaced wherever they stand: fields by
 * name at any depth, and what looks like a credential in any text, stacks and messages included.
 *
 * @param options - `level`: pino's levels; `silent` logs nothing. `destination`: instead of standard error, for tests.
 */
export function createLogger(options: { level: string; service: string; destination?: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => redactFields(serialized(error)) },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redactFields(fields) as Record<string, unknown>,
      },
      hooks: { streamWrite: redactLine },
    },
    options.destination ?? pino.destination({ fd: 2, sync: false }),
  );
}

/** A plain object; pino's own serializer answers one with a prototype. */
function serialized(error: unknown): unknown {
  return error instanceof Error ? { ...stdSerializers.err(error) } : error;
}
