import { parentPort } from 'node:worker_threads';
import { checkArguments } from './check-arguments.ts';

/** One check, as a thread is asked for it. It answers with a Checked. */
export interface Check {
  /** JSON. */
  readonly schema: string;
  readonly args: unknown;
}

/** Said once, before any answer. */
export const READY = 'ready';

parentPort?.on('message', ({ schema, args }: Check) => parentPort!.postMessage(checkArguments(schema, args)));
parentPort?.postMessage(READY);
