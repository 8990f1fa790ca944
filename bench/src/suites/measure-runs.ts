import { join } from 'node:path';
import type { Options } from '../options.ts';
import { startChild } from '../processes/start-child.ts';
import type { DeploymentFigures, DeploymentResult } from '../report/report.ts';
import { startPlatform } from './deployment.ts';
import { bareCalls, completeRuns, lowLoad, MOST_EVENTS, sustainedLoad } from './runs.ts';

const WARM_UP_SECONDS = 1;

/** From the event to the tool, everything on this machine. */
export async function measureRuns(o: Options & { directory: string; say: (line: string) => void }) {
  await using resources = new AsyncDisposableStack();
  const mcp = resources.use(startChild('servers/mcp.ts', { events: MOST_EVENTS }));
  const { url: mcpServerUrl } = await mcp.message<{ url: string }>();
  o.say('starting the platform');
  const dataDir = join(o.directory, 'platform');
  const platform = await startPlatform({ dataDir, mcpServerUrl }, resources);
  await completeRuns(platform, mcp, WARM_UP_SECONDS);

  const rounds: DeploymentFigures[] = [];
  for (let round = 1; round <= o.rounds; round++) {
    const bareCallsPerSecond = await bareCalls(mcpServerUrl, o.seconds);
    const runsPerSecond = await completeRuns(platform, mcp, o.seconds);
    const low = await lowLoad(platform, mcp, o.seconds);
    const sustained = await sustainedLoad(platform, mcp, o.seconds, runsPerSecond);
    rounds.push({ bareCallsPerSecond, runsPerSecond, lowLoad: low, sustained });
    o.say(`round ${round}, platform: ${runsPerSecond.toFixed(0)} runs/s, ${low.p50Ms.toFixed(1)} ms at low load`);
  }
  return { title: 'One process, embedded PostgreSQL', rounds } satisfies DeploymentResult;
}
