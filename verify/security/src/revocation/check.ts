import { Agent } from 'node:http';
import { QUICK, startLoad, type BrokerFault, type TorturedKafka } from '@agent-platform/harness';
import { createFindings, type Check, type CheckContext, type Findings, type FindingsInProgress } from '../check.ts';
import { startCluster } from '../start-cluster.ts';
import { createSource } from '../tokens.ts';
import { observeRevocation, type ObservationTarget } from './observe.ts';
import { measurePhase } from './phase.ts';

export const revocation: Check = {
  name: 'revocation',
  title: 'how long a revoked token keeps working, with and without the push channel',
  run: (context) =>
    measureRevocation(context, { eventsPerSecond: 150, revocations: 200, cutRevocations: 60, afterwards: 20 }),
};

export interface RevocationOptions {
  /** Valid events, over all ingests, all the time. */
  readonly eventsPerSecond: number;
  readonly revocations: number;
  /** While the push channel is cut; the first half of them by resets, the other by silence. */
  readonly cutRevocations: number;
  /** When it is back. */
  readonly afterwards: number;
}

const INGESTS = 3;
const SOURCES = 10;
const PUSHED = { mostP99Ms: 1_000, mostMs: 5_000 };
const CUT = { mostMs: 10_000 };
const BACK_WITHIN_MS = 60_000;

const RESET: BrokerFault = (connection) => connection.reset();
const SILENCE: BrokerFault = (connection) => {
  connection.blackHole('toServer');
  connection.blackHole('toClient');
};

export async function measureRevocation({ random, say }: CheckContext, o: RevocationOptions): Promise<Findings> {
  const findings = createFindings();
  await using running = await startCluster({
    ingests: INGESTS,
    // Only the token service's way to the bus is cut: events have to go on.
    environment: (service, kafka) => (service === 'token-service' ? { EVENT_BUS_URL: kafka.proxiedUrl } : {}),
  });
  const { cluster, kafka, api } = running;
  const names = Array.from({ length: SOURCES }, (_, n) => `source-${n + 1}`);
  const sources = await Promise.all(
    names.map(async (name) => ({ name, token: await createSource(api, name), repeats: 'none' as const })),
  );
  const agent = new Agent({ keepAlive: true });
  const ingestUrls = cluster.ingests.map(({ url }) => url);
  const target = { api, agent, ingestUrls };
  const { eventsPerSecond } = o;
  const startedMs = performance.now();
  const load = startLoad({ urls: ingestUrls, sources, random: random.fork('load'), eventsPerSecond, mix: QUICK });
  try {
    const phase = (name: string, revocations: number, most: { mostP99Ms?: number; mostMs: number }) => {
      say(`  ${name}: ${revocations} revocations`);
      return measurePhase(findings, { name, revocations, ...most, target, sources: names, random });
    };
    await phase('pushed', o.revocations, PUSHED);
    kafka.fault = RESET;
    await phase('cut, connections reset', Math.ceil(o.cutRevocations / 2), CUT);
    kafka.fault = SILENCE;
    await phase('cut, connections silent', Math.floor(o.cutRevocations / 2), CUT);
    await measureReturn(findings, { kafka, target, source: names[0]!, random });
    await phase('pushed again', o.afterwards, PUSHED);
  } finally {
    await load.stop();
    agent.destroy();
  }
  const { ledger } = load;
  const perSecond = ledger.acknowledged / ((performance.now() - startedMs) / 1_000);
  findings.row('valid events meanwhile', `${ledger.acknowledged}, ${perSecond.toFixed(0)}/s over ${INGESTS} ingests`);
  const wrong = [...ledger.wrongAnswers].map(([what, count]) => `${count} × ${what}`).join('; ');
  findings.require(wrong === '', 'of them refused', wrong || '0', '0');
  return findings;
}

/** Lets the push channel come back and waits until a revocation is pushed again. */
async function measureReturn(
  findings: FindingsInProgress,
  o: { kafka: TorturedKafka; target: ObservationTarget; source: string; random: CheckContext['random'] },
): Promise<void> {
  o.kafka.fault = undefined;
  const sinceMs = performance.now();
  for (let n = 0; performance.now() - sinceMs < BACK_WITHIN_MS; n++) {
    const { latenciesMs } = await observeRevocation(o.target, o.source, o.random.fork(`back/${n}`));
    if (Math.max(...latenciesMs) > PUSHED.mostP99Ms) continue;
    findings.row('push works again after', `${((performance.now() - sinceMs) / 1_000).toFixed(1)} s`);
    return;
  }
  findings.require(false, 'push works again after', 'never', `≤ ${BACK_WITHIN_MS / 1_000} s`);
}
