// jq of one version wherever the tests run, on the PATH of the shell that runs a page's commands.
import { readFileSync } from 'node:fs';
import { raw } from 'jq-wasm';

const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('-'));
const [filter] = args.filter((arg) => !arg.startsWith('-'));
const isWithoutInput = flags.some((flag) => flag.includes('n'));
try {
  const output = await raw(isWithoutInput ? 'null' : readFileSync(0, 'utf8'), filter!, flags);
  process.stdout.write(output === '' ? '' : `${output}\n`);
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 5;
}
