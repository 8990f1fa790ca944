import type { Pool } from '@agent-platform/database';
import { faultOfMessage, type BatchHandler } from '@agent-platform/event-bus';
import { repeat } from '@agent-platform/runtime';
import type { Logger } from '@agent-platform/telemetry';
import { finishRedrive, nextRequestedRedrive, type RequestedRedrive } from '../store/dead-letters/redrives.ts';

export interface RedriveDeps {
  readonly pool: Pool;
  /** What messages of the topic go to. Being handed the same message twice, it changes nothing. */
  readonly handler: BatchHandler;
}

/**
 * Hands a letter's message to the consumer once more and writes what came of it: processed, or refused and why. Rejects
 * when a fault of ours is in the way; the letter then waits for `startRedriving`.
 */
export async function redrive(
  { pool, handler }: RedriveDeps,
  letter: RequestedRedrive,
  signal: AbortSignal,
): Promise<void> {
  const { id, value, partition } = letter;
  const headers = JSON.parse(letter.headers) as Record<string, string>;
  const message = { key: '', value, headers, partition, offset: BigInt(letter.offset) };
  const refusal = await handler([message], signal).then(
    () => undefined,
    (error: unknown) => {
      const reason = faultOfMessage(error);
      if (!reason) throw error;
      return reason;
    },
  );
  await finishRedrive(pool, id, refusal);
}

const PAUSE_MS = 2_000;

/**
 * Redrives what was asked for from the command line, and what a process that stopped, or a fault, has left: oldest first,
 * again and again until it is done. Works until it is disposed of.
 */
export function startRedriving(deps: RedriveDeps & { readonly logger: Logger }): AsyncDisposable {
  async function pass(signal: AbortSignal): Promise<void> {
    let letter: RequestedRedrive | undefined;
    let after = { deadLetteredAt: new Date(0), id: '' };
    while (!signal.aborted && (letter = await nextRequestedRedrive(deps.pool, after))) {
      after = letter;
      await redrive(deps, letter, signal).catch((error: unknown) => {
        deps.logger.warn({ err: error, dead_letter: after.id }, 'a dead letter cannot be redriven yet');
      });
    }
  }

  return repeat(async (signal) => {
    await pass(signal).catch((error: unknown) => deps.logger.warn({ err: error }, 'redrives cannot be listed'));
    return PAUSE_MS;
  });
}
