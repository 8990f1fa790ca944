import { CORES, startChild } from '../processes/start-child.ts';

export interface LoadConfig {
  readonly port: number;
  /** Connections take turns with them. */
  readonly tokens: readonly string[];
  readonly connections: number;
  /** The only status that counts as an answer. */
  readonly status: number;
  /** Events are numbered from here. */
  readonly firstNumber: number;
  /** It ends after so many events or seconds, whichever comes first. */
  readonly count: number;
  readonly seconds: number;
  /** Events per second, whatever the answers do. Default: each connection sends again when it was answered. */
  readonly rate?: number;
  readonly keepTimes?: boolean;
}

export interface LoadResult {
  /** The first answer that was not the expected one. */
  readonly wrong: string | undefined;
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** When each event was answered, by its number, by `machineMs`. */
  readonly answeredAtMs: Float64Array | undefined;
}

const MOST_REQUESTS = 2_000_000;

/** Loads a server from a process of its own. @throws Error when one answer was not the expected one. */
export async function load(
  config: Omit<LoadConfig, 'count' | 'firstNumber'> & Partial<LoadConfig>,
): Promise<LoadResult> {
  await using child = startChild('load/generator.ts', { count: MOST_REQUESTS, firstNumber: 0, ...config }, CORES.load);
  const result = await child.message<LoadResult>();
  if (result.wrong !== undefined) throw new Error(`Nothing can be said: the server answered ${result.wrong}`);
  return result;
}
