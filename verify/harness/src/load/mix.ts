import type { Random } from '../random.ts';

/** What is in the events of a load. */
export interface Mix {
  /** Event types by weight. */
  readonly weights: Readonly<Record<string, number>>;
  /** Of the events, how many start a run whose tool takes long, and how long. */
  readonly slowShare: number;
  readonly slowMs: readonly [min: number, max: number];
}

/** `order.placed` starts one run, `order.changed` two. */
export const QUICK: Mix = {
  weights: { 'order.placed': 85, 'order.changed': 15 },
  slowShare: 0.005,
  slowMs: [2_000, 9_000],
};

export interface DrawnEvent {
  readonly eventType: string;
  readonly slowMs: number;
}

export function draw(random: Random, { weights, slowShare, slowMs }: Mix): DrawnEvent {
  const entries = Object.entries(weights);
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  const [eventType] = entries.find(([, weight]) => (left -= weight) < 0) ?? entries.at(-1)!;
  return { eventType, slowMs: random.chance(slowShare) ? random.between(...slowMs) : 0 };
}
