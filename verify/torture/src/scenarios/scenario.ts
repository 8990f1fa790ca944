import type { Violation } from '../check/evidence.ts';
import type { Load, Mix, Random, Say } from '@agent-platform/harness';
import type { World, WorldOptions } from '../world/world.ts';

export interface Trial {
  readonly world: World;
  readonly load: Load;
  readonly random: Random;
  /** How long the load lasts at least. */
  readonly durationMs: number;
  readonly say: Say;
  /** A figure for the table. */
  readonly figure: (name: string, value: string) => void;
  readonly violate: (violation: Violation) => void;
}

/** What is done to the platform while the load goes on. What has to hold always is checked afterwards. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly world: Pick<WorldOptions, 'ingests' | 'dispatchers' | 'brokerProxy' | 'restartablePostgres'>;
  readonly eventsPerSecond: number;
  readonly mix: Mix;
  run(trial: Trial): Promise<void>;
}
