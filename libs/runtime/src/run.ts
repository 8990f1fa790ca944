import { performance } from 'node:perf_hooks';
import { AppError } from '@agent-platform/errors';
import { createLogger, type Logger } from '@agent-platform/telemetry';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

/**
 * A terminal sends Ctrl-C to the whole process group and npm sends it on to its child once more
 * (`@npmcli/run-script`, `signal-manager.js`): one key press, two signals. Only a later one means "now".
 */
const SAME_SIGNAL_MS = 1_000;

export interface RunOptions {
  readonly logger?: Logger;
  /** How long a clean stop may take before the process ends anyway. Default 10 s. */
  readonly stopDeadlineMs?: number;
}

/**
 * Runs a program until SIGINT, SIGTERM or SIGHUP (its terminal is closed), disposes of it within the deadline, and ends the process: with 0 after a
 * clean stop, 1 when it could not start, failed or did not stop in time, 129, 130 or 143 when a second signal cut it short.
 * A start that fails with an {@link AppError} says so in one paragraph for people; anything else with its stack.
 *
 * @param start - its signal is aborted when the process is asked to stop before the start is done.
 */
export async function run(
  name: string,
  start: (signal: AbortSignal) => Promise<AsyncDisposable>,
  { logger = createLogger({ level: 'info', service: name }), stopDeadlineMs = 10_000 }: RunOptions = {},
): Promise<void> {
  // What threw may have left anything half done: only a fresh start is in a known state.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error, event }, 'stopped by an error nobody handled');
      process.exit(1);
    });
  }

  const aborter = new AbortController();
  const stopAsked = new Promise<Signal>((resolve) => onSignals((signal) => resolve(signal)));
  const deadline = stopAsked.then((signal) => {
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error({ stopDeadlineMs }, 'did not stop in time; what was under way is taken up again at the next start');
      process.exit(1);
    }, stopDeadlineMs);
    aborter.abort();
  });

  let program: AsyncDisposable;
  try {
    program = await start(aborter.signal);
  } catch (error) {
    if (aborter.signal.aborted) process.exit(0);
    if (error instanceof AppError) process.stderr.write(`${name} could not start. ${error.message}\n`);
    else logger.fatal({ err: error }, 'could not start');
    process.exit(1);
  }

  await deadline;
  try {
    await program[Symbol.asyncDispose]();
  } catch (error) {
    logger.error({ err: error }, 'did not stop cleanly');
    process.exit(1);
  }
  logger.info('stopped');
  process.exit(0);
}

/** Reports the first signal; a second one ends the process at once. */
function onSignals(first: (signal: Signal) => void): void {
  let firstAtMs: number | undefined;
  for (const signal of Object.keys(SIGNALS) as Signal[]) {
    process.on(signal, () => {
      if (firstAtMs === undefined) {
        firstAtMs = performance.now();
        first(signal);
      } else if (performance.now() - firstAtMs > SAME_SIGNAL_MS) {
        process.exit(SIGNALS[signal]);
      }
    });
  }
}
