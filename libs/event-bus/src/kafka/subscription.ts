import { AppError } from '@agent-platform/service';
import { backOff } from '../backoff.ts';
import type { Subscription } from '../bus.ts';
import type { AdminLink } from './admin.ts';
import { busUnavailable, protocolErrorOf } from './errors.ts';
import { type Session, type SessionOptions, startSession } from './session.ts';
import { watch, type WatchdogTimes } from './watchdog.ts';

export interface SubscriptionOptions extends SessionOptions {
  readonly admin: AdminLink;
  readonly watchdog: WatchdogTimes;
}

const START_ATTEMPTS = 6;

/**
 * Stays a member of the group until disposed: a session that ends, or does not get on, is replaced by a new one with
 * new connections.
 *
 * @throws AppError `unavailable` when the first session cannot be started: `topic_missing` if the topic is not there yet.
 */
export async function startSubscription(o: SubscriptionOptions): Promise<Subscription> {
  const closing = new AbortController();
  const where = { topic: o.topic, group: o.group };
  const start = () => startSession(o, closing.signal);
  let session: Session | undefined = await startFirst(o.topic, start);

  async function supervise(): Promise<void> {
    for (let attempt = 0; !closing.signal.aborted;) {
      try {
        session ??= await start();
        if (closing.signal.aborted) break;
        attempt = 0;
        const reason = await watch(session, { ...o, signal: closing.signal });
        if (closing.signal.aborted) break;
        o.logger.warn({ ...where, err: reason }, 'consumer ended; starting a new one');
        await session.stop();
        session = undefined;
      } catch (error) {
        if (closing.signal.aborted) break;
        o.logger.warn({ ...where, err: error }, 'consumer could not be started');
      }
      await backOff(attempt++, closing.signal).catch(() => undefined);
    }
    await session?.stop();
  }

  const done = supervise();
  return {
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await done;
    },
  };
}

/** A broker that has just started does not know its groups yet: it takes a few attempts. */
async function startFirst(topic: string, start: () => Promise<Session>): Promise<Session> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await start();
    } catch (cause) {
      if (protocolErrorOf(cause) === 'UNKNOWN_TOPIC_OR_PARTITION') {
        const message = `The topic ${topic} does not exist. Create the topics with "npm run topics".`;
        throw new AppError('unavailable', 'topic_missing', message, { cause });
      }
      if (attempt === START_ATTEMPTS - 1) throw busUnavailable(`The topic ${topic} cannot be consumed.`, cause);
      await backOff(attempt);
    }
  }
}
