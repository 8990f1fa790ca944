import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 100;
const MOST_MS = 5_000;

/** Waits before attempt `attempt` + 1 (0 is the first): doubles up to 5 s, with jitter. Rejects when aborted. */
export function backOff(attempt: number, signal?: AbortSignal): Promise<void> {
  const ms = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return sleep(ms * (0.75 + Math.random() / 4), undefined, signal && { signal });
}
