import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMachine } from './machine.ts';
import { readOptions, USAGE } from './options.ts';
import { chart } from './report/chart.ts';
import type { Report } from './report/report.ts';
import { tables } from './report/table.ts';
import { INGEST_VARIANTS } from './suites/ingest-variants.ts';
import { measureConfigured } from './suites/measure-configured.ts';
import { measureFlooded } from './suites/measure-flooded.ts';
import { measureIngest } from './suites/measure-ingest.ts';
import { measureNeighbour } from './suites/measure-neighbour.ts';
import { type DeploymentName, measureRuns } from './suites/measure-runs.ts';

const DEPLOYMENTS: readonly DeploymentName[] = ['platform', 'cluster'];
const NEIGHBOUR = 'noisy-neighbour';

// Databases started here end with the process, if it ends in order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

async function main(): Promise<void> {
  const names = INGEST_VARIANTS.map(({ name }) => name);
  const options = readOptions(process.argv.slice(2), [...names, ...DEPLOYMENTS, NEIGHBOUR, 'configured', 'flooded']);
  const wants = (name: string) => options.only.length === 0 || options.only.includes(name);
  const say = (line: string) => console.error(line);
  const machine = describeMachine();
  const leftOut: string[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'agent-platform-bench-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));

  const context = { ...options, directory, leftOut, say };
  const ingest = names.some(wants) ? await measureIngest(context) : [];
  const deployments = [];
  for (const name of DEPLOYMENTS.filter(wants)) deployments.push(await measureRuns(name, context));
  const neighbour = wants(NEIGHBOUR) ? await measureNeighbour(context) : [];
  const configured = wants('configured') ? await measureConfigured(context) : [];
  const flooded = wants('flooded') ? await measureFlooded(context) : undefined;
  const report: Report = {
    at: new Date().toISOString(),
    machine,
    rounds: options.rounds,
    seconds: options.seconds,
    ingest,
    deployments,
    neighbour,
    configured,
    flooded,
    leftOut,
  };
  console.log(tables(report));
  if (options.json) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.svg) await writeFile(options.svg, chart(report));
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.error(USAGE);
  process.exit(1);
});
