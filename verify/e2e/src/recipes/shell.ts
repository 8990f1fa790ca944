import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Shell extends AsyncDisposable {
  /** Runs commands and answers what they print. Rejects when one of them fails. */
  run(script: string): Promise<string>;
}

/** A bash that keeps variables and functions from one script to the next, as one that somebody pastes commands into. */
export async function openShell(): Promise<Shell> {
  const directory = await mkdtemp(join(tmpdir(), 'recipes-'));
  const [bin, state] = [join(directory, 'bin'), join(directory, 'state')];
  await mkdir(bin);
  const jq = join(bin, 'jq');
  await writeFile(jq, `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'jq.ts')}' "$@"\n`);
  await chmod(jq, 0o755);
  let env: NodeJS.ProcessEnv = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };

  return {
    async run(script) {
      const program = `set -aeuo pipefail\n${script}\nenv -0 > '${state}'\n`;
      const child = spawn('bash', ['-c', program], { env, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
      const exited = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
      const [code, output, errors] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
      if (code !== 0) throw new Error(`bash ended with ${code}: ${output}${errors}`);
      const pairs = (await readFile(state, 'utf8')).split('\0').filter(Boolean);
      env = Object.fromEntries(
        pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
      );
      return output;
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}
