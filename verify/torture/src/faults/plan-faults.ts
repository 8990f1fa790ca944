import type { Random } from '@agent-platform/harness';

/** `kill`: kill -9. `pause`: SIGSTOP, then SIGCONT. `stop`: an orderly stop. */
export type FaultKind = 'kill' | 'pause' | 'stop';

export interface Fault {
  readonly kind: FaultKind;
  readonly process: string;
  /** From the start of the scenario. */
  readonly atMs: number;
  /** How long it stays down, or stopped. */
  readonly forMs: number;
}

const EVERY_MS = 8_000;
const LONGEST_DOWN_MS = 2_000;
/** Longer than the lease of a run. */
const LONGEST_PAUSE_MS = 12_000;

/** Every process in turn, each turn in another order; four faults of five are kills. */
export function planFaults(random: Random, processes: readonly string[], durationMs: number): Fault[] {
  const faults: Fault[] = [];
  let turn: string[] = [];
  for (let atMs = EVERY_MS / 2; atMs < durationMs; atMs += EVERY_MS) {
    if (turn.length === 0) turn = random.shuffle(processes);
    const draw = random.next();
    const kind = draw < 0.8 ? 'kill' : draw < 0.9 ? 'pause' : 'stop';
    const forMs = random.between(0, kind === 'pause' ? LONGEST_PAUSE_MS : LONGEST_DOWN_MS);
    faults.push({ kind, process: turn.shift()!, atMs: atMs + random.between(-1_500, 1_500), forMs });
  }
  return faults;
}
