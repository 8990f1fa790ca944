import { setTimeout as sleep } from 'node:timers/promises';
import { listen, type Pool } from '@agent-platform/database';
import type { Logger } from '@agent-platform/telemetry';

const CHANNEL = 'agent_platform_bus';
/** Under load every batch that is published would otherwise pay for a notification of its own. */
const PAUSE_MS = 5;

/** Something for the other processes: messages came in (`partitions`), or a group changed (`group`). */
interface Note {
  readonly from: string;
  readonly topic: string;
  readonly group?: string;
  readonly partitions?: readonly number[];
}

export interface NotifierOptions {
  readonly url: string;
  readonly pool: Pool;
  readonly logger: Logger;
  readonly onPublished: (topic: string, partitions: readonly number[]) => void;
  readonly onGroupChanged: (topic: string, group: string) => void;
  /** Notes may have been missed. */
  readonly onGap: () => void;
}

/**
 * Tells the other processes at once what they would otherwise find at their next poll. Best effort. Notifications
 * are sent after the commit they speak of, on their own: inside, NOTIFY takes a lock that serializes all commits.
 */
export function createNotifier(options: NotifierOptions) {
  const from = crypto.randomUUID();
  const published = new Map<string, Set<number>>();
  let sending: Promise<void> | undefined;
  let listener: AsyncDisposable | undefined;

  const send = (note: Omit<Note, 'from'>) =>
    options.pool.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify({ from, ...note })]).then(
      () => undefined,
      (error: unknown) => options.logger.debug({ err: error }, 'notification not sent'),
    );

  /** The first at once; what comes in until after the pause goes together into the next. */
  const drain = async () => {
    while (published.size > 0) {
      for (const [topic, partitions] of published) {
        published.delete(topic);
        await send({ topic, partitions: [...partitions] });
      }
      await sleep(PAUSE_MS);
    }
    sending = undefined;
  };

  const receive = (payload: string) => {
    const note = JSON.parse(payload) as Note;
    if (note.from === from) return;
    if (note.group !== undefined) options.onGroupChanged(note.topic, note.group);
    if (note.partitions) options.onPublished(note.topic, note.partitions);
  };

  return {
    published(topic: string, partitions: ReadonlySet<number>): void {
      published.set(topic, (published.get(topic) ?? new Set()).union(partitions));
      sending ??= drain();
    },
    groupChanged: (topic: string, group: string): Promise<void> => send({ topic, group }),
    /** Needed by consumers only. */
    listen(): void {
      const { url, logger, onGap } = options;
      listener ??= listen({ url, channel: CHANNEL, logger, onNotification: receive, onConnect: onGap });
    },
    async [Symbol.asyncDispose]() {
      await sending;
      await listener?.[Symbol.asyncDispose]();
    },
  };
}

export type Notifier = ReturnType<typeof createNotifier>;
