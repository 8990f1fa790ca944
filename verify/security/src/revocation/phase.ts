import type { Random } from '@agent-platform/harness';
import { distributionOf, histogram, milliseconds } from '../distribution.ts';
import type { FindingsInProgress } from '../check.ts';
import { observeRevocation, type ObservationTarget, type Revocation } from './observe.ts';

export interface PhaseOptions {
  readonly name: string;
  readonly target: ObservationTarget;
  readonly sources: readonly string[];
  readonly random: Random;
  readonly revocations: number;
  readonly mostP99Ms?: number;
  readonly mostMs: number;
}

/** Tokens that are being revoked at a time. */
const AT_A_TIME = 4;

/** Revokes tokens of all sources in turn and notes when each ingest knew. */
export async function measurePhase(findings: FindingsInProgress, o: PhaseOptions): Promise<void> {
  const seen = await observeMany(o);
  const latenciesMs = seen.flatMap((one) => one.latenciesMs);
  const { count, p50, p90, p99, max } = distributionOf(latenciesMs);
  const request = distributionOf(seen.map(({ requestMs }) => requestMs));
  const cameBack = seen.reduce((sum, one) => sum + one.cameBack, 0);
  findings.row(o.name, `${o.revocations} revocations, ${count} observations`);
  findings.row('  refused after p50, p90', `${milliseconds(p50)}, ${milliseconds(p90)}`);
  const { mostP99Ms = Infinity } = o;
  if (mostP99Ms === Infinity) findings.row('  refused after p99', milliseconds(p99));
  else findings.require(p99 <= mostP99Ms, '  refused after p99', milliseconds(p99), `≤ ${mostP99Ms} ms (${o.name})`);
  findings.require(max <= o.mostMs, '  refused after max', milliseconds(max), `≤ ${o.mostMs} ms (${o.name})`);
  findings.rows.push(...histogram(latenciesMs));
  findings.row('  the request itself p50, max', `${milliseconds(request.p50)}, ${milliseconds(request.max)}`);
  findings.require(cameBack === 0, '  accepted after a refusal', cameBack, '0');
}

async function observeMany(o: PhaseOptions): Promise<Revocation[]> {
  const seen: Revocation[] = [];
  let next = 0;
  const work = async () => {
    while (next < o.revocations) {
      const n = next++;
      const source = o.sources[n % o.sources.length]!;
      seen.push(await observeRevocation(o.target, source, o.random.fork(`${o.name}/${n}`)));
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return seen;
}
