import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Random, Say } from '@agent-platform/harness';
import { table } from '../report.ts';
import { runScenario } from '../run-scenario.ts';
import { scenarios } from '../scenarios/index.ts';
import { PLANT_VARIABLE, plantedLine, type PlantedBug } from './bugs.ts';

/** Runs the scenario of each planted bug. @returns whether the harness has caught them all. */
export async function runPlanted(bugs: readonly PlantedBug[], o: { random: Random; say: Say }): Promise<boolean> {
  const caught: string[] = [];
  for (const bug of bugs) {
    o.say(`\nplanted: ${bug.name}`);
    if (await catches(bug, o)) caught.push(bug.name);
  }
  for (const { name } of bugs) o.say(`  ${caught.includes(name) ? '✓ caught' : '✗ missed'}  ${name}`);
  o.say(`${caught.length} of ${bugs.length} planted bugs caught`);
  return caught.length === bugs.length;
}

async function catches(bug: PlantedBug, { random, say }: { random: Random; say: Say }): Promise<boolean> {
  const preload = pathToFileURL(join(import.meta.dirname, 'plant.ts')).href;
  const env = { NODE_OPTIONS: `--import ${preload}`, [PLANT_VARIABLE]: bug.name };
  const scenario = scenarios.find(({ name }) => name === bug.scenario)!;
  const result = await runScenario(scenario, {
    minutes: bug.minutes,
    random,
    env,
    say,
    keepEvidence: false,
    beforeEnd: (directory) => requirePlanted(bug, directory),
  });
  say(table(result));
  return result.violations.some(({ rule }) => bug.caughtBy.includes(rule));
}

/** A bug that no process had would count as missed for the wrong reason, or worse, as caught. */
async function requirePlanted({ name, patches }: PlantedBug, directory: string): Promise<void> {
  const logs: string[] = [];
  for await (const file of glob('*.log', { cwd: directory })) logs.push(await readFile(join(directory, file), 'utf8'));
  const absent = patches.find((patch) => !logs.some((log) => log.includes(plantedLine(patch))));
  if (absent) throw new Error(`"${name}" was not planted: no process has loaded ${absent.module}`);
}
