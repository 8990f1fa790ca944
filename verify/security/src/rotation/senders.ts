import type { Random } from '@agent-platform/harness';

/** A system that sends events, and takes over a new token some time after it was issued. */
interface Sender {
  token: string;
  /** Infinity while it has the newest token or knows of no newer one. */
  switchAtMs: number;
}

/**
 * Many senders of one source. After each rotation, every one of them switches to the newest token at a random moment
 * before `switchWithinMs` have passed.
 */
export function createSenders(o: { senders: number; token: string; switchWithinMs: number; random: Random }) {
  const senders: Sender[] = Array.from({ length: o.senders }, () => ({ token: o.token, switchAtMs: Infinity }));
  let newest = o.token;
  return {
    /** @param atMs - when the overlap began at the earliest: when the request to rotate was sent. */
    rotated(token: string, atMs: number): void {
      newest = token;
      for (const sender of senders) {
        // Who is about to switch keeps its time: the token it still has ends no later for another rotation.
        if (sender.switchAtMs === Infinity) sender.switchAtMs = atMs + o.random.next() * o.switchWithinMs;
      }
    },
    /** What the n-th request is sent with. */
    token(n: number, nowMs: number): { token: string; isNewest: boolean } {
      const sender = senders[n % senders.length]!;
      if (nowMs >= sender.switchAtMs) Object.assign(sender, { token: newest, switchAtMs: Infinity });
      return { token: sender.token, isNewest: sender.token === newest };
    },
  };
}
