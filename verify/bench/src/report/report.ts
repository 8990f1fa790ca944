import type { Machine } from '../machine.ts';
import { median } from '@agent-platform/harness';
import type { IngestFigures } from '../suites/ingest.ts';
import type { Latency } from '../suites/runs.ts';

/** Everything that was measured, round by round. */
export interface Report {
  readonly at: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  /** The first one is the basis of the ratios. */
  readonly ingest: readonly IngestResult[];
  readonly deployments: readonly DeploymentResult[];
  readonly neighbour: readonly NeighbourResult[];
  /** The first one is the basis of the ratios. */
  readonly configured: readonly ConfiguredResult[];
  readonly flooded: FloodedResult | undefined;
  /** What was not measured, and why. */
  readonly leftOut: readonly string[];
}

export interface IngestResult {
  readonly name: string;
  readonly title: string;
  /** Ratio to the basis. */
  readonly aim: number | undefined;
  readonly rounds: readonly IngestFigures[];
}

export interface DeploymentResult {
  readonly title: string;
  readonly rounds: readonly DeploymentFigures[];
}

/** A tenant's way from the event to the call, alone on a platform and then beside a neighbour. */
export interface NeighbourResult {
  readonly title: string;
  readonly rounds: readonly { readonly idle: Latency; readonly beside: Latency }[];
}

export interface ConfiguredResult {
  readonly title: string;
  readonly rounds: readonly ConfiguredFigures[];
}

export interface ConfiguredFigures {
  readonly runsPerSecond: number;
  readonly bytesPerEvent: number;
}

export interface FloodedResult {
  /** All of them accepted. */
  readonly requests: number;
  readonly runs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly drainedSeconds: number;
}

export interface DeploymentFigures {
  readonly bareCallsPerSecond: number;
  readonly runsPerSecond: number;
  readonly lowLoad: Latency;
  readonly sustained: Latency;
}

/** The median of the rounds' ratios: each round compares what ran within the same minute. */
export function ratioOf(result: IngestResult, basis: IngestResult): number {
  return median(result.rounds.map(({ perSecond }, round) => perSecond / basis.rounds[round]!.perSecond));
}

export function medianOf<T>(rounds: readonly T[], figure: (round: T) => number): number {
  return median(rounds.map(figure));
}

export const AIMS = {
  runsPerSecond: 1_000,
  p50Ms: 15,
  p99Ms: 50,
  timesIdle: 2,
  configuredRate: 0.9,
  configuredBytes: 1.2,
} as const;
