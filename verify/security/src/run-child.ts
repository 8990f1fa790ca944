import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

export interface Finished {
  /** Null when a signal ended it: after `mostMs`, for example. */
  readonly exitCode: number | null;
  readonly output: string;
}

/**
 * Runs a program of this repository to its end, in its root.
 *
 * @param onErrors - what it writes to standard error, as it comes.
 */
export async function runChild(
  args: readonly string[],
  o: { mostMs: number; onErrors?: (text: string) => void },
): Promise<Finished> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: o.mostMs });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => o.onErrors?.(chunk));
  const exited = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  const [exitCode, output] = await Promise.all([exited, text(child.stdout)]);
  return { exitCode, output };
}
