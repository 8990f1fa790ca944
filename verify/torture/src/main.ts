import { createRandom } from '@agent-platform/harness';
import { HELP, readOptions, type TortureOptions } from './options.ts';
import { plantedBugs } from './planted/bugs.ts';
import { runPlanted } from './planted/run-planted.ts';
import { table, type Result } from './report.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios/index.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function torture({ minutes, seed, scenarios: names, planted }: TortureOptions): Promise<boolean> {
  const random = createRandom(seed);
  if (planted) return runPlanted(plantedBugs, { random, say });
  const results: Result[] = [];
  for (const name of names) {
    const scenario = scenarios.find((one) => one.name === name)!;
    const result = await runScenario(scenario, { minutes, random, say, keepEvidence: true });
    say(table(result));
    results.push(result);
  }
  return results.every(({ violations }) => violations.length === 0);
}

const options = readOptions(
  process.argv.slice(2),
  scenarios.map(({ name }) => name),
);
if (options === 'help') {
  say(`${HELP}\n${scenarios.map(({ name, title }) => `  ${name.padEnd(20)}${title}`).join('\n')}`);
} else {
  say(`seed ${options.seed}, ${options.minutes} min`);
  const isSound = await torture(options);
  // Waiting for the loop to run empty is not enough: after hours of killed sockets Node has spun in its own teardown.
  process.exit(isSound ? 0 : 1);
}
