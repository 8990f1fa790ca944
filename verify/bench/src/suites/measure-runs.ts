import { join } from 'node:path';
import type { Options } from '../options.ts';
import { startChild } from '../processes/start-child.ts';
import type { DeploymentFigures, DeploymentResult } from '../report/report.ts';
import { startDeployment } from './deployment.ts';
import { bareCalls, completeRuns, lowLoad, MOST_EVENTS, sustainedLoad } from './runs.ts';

const WARM_UP_SECONDS = 1;

const DEPLOYMENTS = {
  platform: { script: 'servers/platform.ts', title: 'One process, embedded PostgreSQL' },
  cluster: { script: 'servers/cluster.ts', title: 'A process for each service, Kafka and PostgreSQL' },
} as const;

export type DeploymentName = keyof typeof DEPLOYMENTS;

/** From the event to the tool, everything on this machine. */
export async function measureRuns(
  name: DeploymentName,
  o: Options & { directory: string; say: (line: string) => void },
): Promise<DeploymentResult> {
  const { script, title } = DEPLOYMENTS[name];
  await using resources = new AsyncDisposableStack();
  const mcp = resources.use(startChild('servers/mcp.ts', { events: MOST_EVENTS }));
  const { url: mcpServerUrl } = await mcp.message<{ url: string }>();
  o.say(`starting the ${name}`);
  const deployment = await startDeployment(script, { dataDir: join(o.directory, name), mcpServerUrl }, resources);
  await completeRuns(deployment, mcp, WARM_UP_SECONDS);

  const rounds: DeploymentFigures[] = [];
  for (let round = 1; round <= o.rounds; round++) {
    const bareCallsPerSecond = await bareCalls(mcpServerUrl, o.seconds);
    const runsPerSecond = await completeRuns(deployment, mcp, o.seconds);
    const low = await lowLoad(deployment, mcp, o.seconds);
    const sustained = await sustainedLoad(deployment, mcp, o.seconds, runsPerSecond);
    rounds.push({ bareCallsPerSecond, runsPerSecond, lowLoad: low, sustained });
    o.say(`round ${round}, ${name}: ${runsPerSecond.toFixed(0)} runs/s, ${low.p50Ms.toFixed(1)} ms at low load`);
  }
  return { title, rounds };
}
