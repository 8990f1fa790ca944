import { Agent } from 'node:http';
import { createFindings, type Check, type CheckContext, type Findings } from '../check.ts';
import { startCluster } from '../start-cluster.ts';
import { measureWhileAway } from './token-service-away.ts';
import { measureWhileRotating } from './while-rotating.ts';

export const rotation: Check = {
  name: 'rotation',
  title: 'no valid request is refused while tokens are rotated, nor while token-service is away',
  run: (context) => measureRotation(context, { requestsPerSecond: 500, rotatingMs: 30_000, awayMs: 12_000 }),
};

const INGESTS = 2;
const AWAY_REQUESTS_PER_SECOND = 60;

export async function measureRotation(
  { random, say }: CheckContext,
  o: { requestsPerSecond: number; rotatingMs: number; awayMs: number },
): Promise<Findings> {
  const findings = createFindings();
  await using running = await startCluster({ ingests: INGESTS });
  const { cluster, api } = running;
  const agent = new Agent({ keepAlive: true });
  const target = { api, agent, ingestUrls: cluster.ingests.map(({ url }) => url) };
  try {
    const { requestsPerSecond, rotatingMs: durationMs } = o;
    say(`  rotating at ${requestsPerSecond} requests/s`);
    await measureWhileRotating(findings, { ...target, random, requestsPerSecond, durationMs });
    say('  without token-service');
    await measureWhileAway(findings, {
      ...target,
      tokenService: cluster.tokenService,
      requestsPerSecond: AWAY_REQUESTS_PER_SECOND,
      durationMs: o.awayMs,
    });
  } finally {
    agent.destroy();
  }
  return findings;
}
