import { AppError } from '@agent-platform/errors';

/** Failures in a row after which a partition counts as held up: a conflict or a short outage is none. */
const HELD_UP_AFTER = 3;

/** Which partitions of a subscription wait for a fault of ours to pass. */
export interface HeldUp {
  /** @param failures - in a row; 0: it goes on. */
  report(partition: number, failures: number, cause?: unknown): void;
  /** Rejects while a partition waits. */
  check(): Promise<void>;
}

export function createHeldUp(topic: string): HeldUp {
  const causes = new Map<number, unknown>();
  return {
    report(partition, failures, cause) {
      if (failures === 0) causes.delete(partition);
      else if (failures >= HELD_UP_AFTER) causes.set(partition, cause);
    },
    async check() {
      const [first] = causes;
      if (!first) return;
      const [partition, cause] = first;
      const message = `Messages of ${topic} wait in ${causes.size} partitions, ${partition} among them; the log says why.`;
      throw new AppError('unavailable', 'messages_held_up', message, { cause, retryAfterSeconds: 5 });
    },
  };
}
