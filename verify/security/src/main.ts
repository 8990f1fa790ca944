import { createRandom } from '@agent-platform/harness';
import type { Check } from './check.ts';
import { checks } from './checks.ts';
import { HELP, readOptions, type SecurityOptions } from './options.ts';
import { describe, summarize, type Result } from './report.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const print = (text: string) => void process.stdout.write(`${text}\n`);

async function run(check: Check, seed: string): Promise<Result> {
  say(`${check.name}: ${check.title}`);
  const startedMs = performance.now();
  const context = { random: createRandom(seed).fork(check.name), say };
  const findings = await check.run(context).catch((error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    // What could not be measured must not look like what was found to be right.
    return {
      rows: [],
      problems: [`it could not be measured: ${error instanceof Error ? error.message : String(error)}`],
    };
  });
  return { check, ...findings, tookMs: performance.now() - startedMs };
}

async function measure({ only, seed }: SecurityOptions): Promise<boolean> {
  const results: Result[] = [];
  for (const check of checks.filter(({ name }) => only.includes(name))) {
    const result = await run(check, seed);
    print(describe(result));
    results.push(result);
  }
  print(summarize(results));
  return results.every(({ problems }) => problems.length === 0);
}

const options = readOptions(
  process.argv.slice(2),
  checks.map(({ name }) => name),
);
if (options === 'help') {
  print(`${HELP}\n${checks.map(({ name, title }) => `  ${name.padEnd(22)}${title}`).join('\n')}`);
} else {
  print(`seed ${options.seed}`);
  const isSound = await measure(options);
  // As the torture's command does: Node has spun in its own teardown.
  process.exit(isSound ? 0 : 1);
}
