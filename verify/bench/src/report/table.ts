import { median } from '@agent-platform/harness';
import {
  AIMS,
  type ConfiguredResult,
  type DeploymentResult,
  type FloodedResult,
  type IngestResult,
  medianOf,
  type NeighbourResult,
  ratioOf,
  type Report,
} from './report.ts';

/** The figures as Markdown, for the terminal and the documentation alike. */
export function tables(report: Report): string {
  const { processor, cores, memoryGib, platform, pinned, loadBefore, versions } = report.machine;
  const parts = [
    `${cores} × ${processor}, ${memoryGib} GiB, ${platform}; ${Object.entries(versions)
      .map((one) => one.join(' '))
      .join(', ')}; ` +
      `${report.rounds} rounds of ${report.seconds} s; load before: ${loadBefore.toFixed(1)}; ` +
      (pinned ? 'server and load generator on a core each' : 'server and load generator share the cores (no taskset)'),
  ];
  if (report.ingest.length > 0) parts.push(ingestTable(report.ingest));
  parts.push(...report.deployments.map(deploymentTable));
  if (report.neighbour.length > 0) parts.push(neighbourTable(report.neighbour));
  if (report.configured.length > 0) parts.push(configuredTable(report.configured));
  if (report.flooded) parts.push(floodedTable(report.flooded));
  if (report.leftOut.length > 0) parts.push(report.leftOut.map((line) => `Left out: ${line}`).join('\n'));
  return parts.join('\n\n');
}

function ingestTable(results: readonly IngestResult[]): string {
  const rows = results.map((result) => {
    const figure = (name: 'perSecond' | 'cpuPerRequestUs' | 'p50Ms' | 'p99Ms', digits: number) =>
      medianOf(result.rounds, (round) => round[name]).toFixed(digits);
    return [
      result.title,
      figure('perSecond', 0),
      ratioOf(result, results[0]!).toFixed(2),
      result.aim?.toFixed(2) ?? '',
      figure('cpuPerRequestUs', 0),
      figure('p50Ms', 1),
      figure('p99Ms', 1),
    ];
  });
  return table(['`POST /webhooks/events`', 'answers/s', 'ratio', 'aim', 'server CPU µs', 'p50 ms', 'p99 ms'], rows);
}

function deploymentTable({ title, rounds }: DeploymentResult): string {
  const ms = (of: 'lowLoad' | 'sustained') => [
    medianOf(rounds, (round) => round[of].p50Ms).toFixed(1),
    medianOf(rounds, (round) => round[of].p99Ms).toFixed(1),
  ];
  const rate = (of: 'lowLoad' | 'sustained') => medianOf(rounds, (round) => round[of].rate).toFixed(0);
  const runs = medianOf(rounds, ({ runsPerSecond }) => runsPerSecond);
  const bare = medianOf(rounds, ({ bareCallsPerSecond }) => bareCallsPerSecond);
  const share = medianOf(rounds, ({ runsPerSecond, bareCallsPerSecond }) => runsPerSecond / bareCallsPerSecond);
  const [lowP50, lowP99] = ms('lowLoad');
  const [sustainedP50, sustainedP99] = ms('sustained');
  return table(
    [title, 'measured', 'aim'],
    [
      ['complete runs/s', runs.toFixed(0), `≥ ${AIMS.runsPerSecond}`],
      ['calls/s of a bare HTTP client', `${bare.toFixed(0)} (runs: ${share.toFixed(2)} of it)`, ''],
      [`accepted → tool called, ${rate('lowLoad')} events/s, p50`, `${lowP50} ms`, `≤ ${AIMS.p50Ms} ms`],
      [`accepted → tool called, ${rate('lowLoad')} events/s, p99`, `${lowP99} ms`, `≤ ${AIMS.p99Ms} ms`],
      [`accepted → tool called, ${rate('sustained')} events/s, p50`, `${sustainedP50} ms`, ''],
      [`accepted → tool called, ${rate('sustained')} events/s, p99`, `${sustainedP99} ms`, ''],
    ],
  );
}

function neighbourTable(results: readonly NeighbourResult[]): string {
  const rows = results.map(({ title, rounds }) => {
    const ms = (when: 'idle' | 'beside', figure: 'p50Ms' | 'p99Ms') =>
      medianOf(rounds, (round) => round[when][figure]).toFixed(1);
    const ratio = (figure: 'p50Ms' | 'p99Ms') =>
      medianOf(rounds, ({ idle, beside }) => beside[figure] / idle[figure]).toFixed(2);
    const change = (figure: 'p50Ms' | 'p99Ms') => `${ms('idle', figure)} → ${ms('beside', figure)}`;
    return [title, change('p50Ms'), ratio('p50Ms'), change('p99Ms'), ratio('p99Ms'), `≤ ${AIMS.timesIdle}`];
  });
  const title = 'Accepted → tool called, one tenant: idle → beside';
  return table([title, 'p50 ms', 'p50: times idle', 'p99 ms', 'p99: times idle', 'aim'], rows);
}

function floodedTable({ requests, runs, p50Ms, p99Ms, drainedSeconds }: FloodedResult): string {
  return table(
    ['A hundred runs for each of 300 events/s', 'measured', 'aim'],
    [
      ['refused', `0 of ${requests}`, '0'],
      ['answer to the sender, p50', `${p50Ms.toFixed(1)} ms`, ''],
      ['answer to the sender, p99', `${p99Ms.toFixed(1)} ms`, ''],
      [`all ${runs} runs done after`, `${drainedSeconds.toFixed(0)} s`, ''],
    ],
  );
}

function configuredTable(results: readonly ConfiguredResult[]): string {
  const [basis] = results;
  const rows = results.map(({ title, rounds }) => {
    const ratio = (figure: (round: ConfiguredResult['rounds'][number]) => number) =>
      median(rounds.map((round, index) => figure(round) / figure(basis!.rounds[index]!))).toFixed(2);
    return [
      title,
      medianOf(rounds, ({ runsPerSecond }) => runsPerSecond).toFixed(0),
      ratio(({ runsPerSecond }) => runsPerSecond),
      medianOf(rounds, ({ bytesPerEvent }) => bytesPerEvent).toFixed(0),
      ratio(({ bytesPerEvent }) => bytesPerEvent),
    ];
  });
  const aims = ['aim', '', `≥ ${AIMS.configuredRate}`, '', `≤ ${AIMS.configuredBytes}`];
  return table(
    ['Configured besides the trigger that matches', 'runs/s', 'ratio', 'bytes/event', 'ratio'],
    [...rows, aims],
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length), 3));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}
