import { AppError } from '@agent-platform/errors';
import { backOff } from '../backoff.ts';
import type { Subscription } from '../bus.ts';
import { createHeldUp } from '../held-up.ts';
import type { AdminLink } from './admin.ts';
import { busUnavailable, protocolErrorOf } from './errors.ts';
import { type Session, type SessionOptions, startSession } from './session.ts';
import { supervise } from './supervise.ts';
import type { WatchdogTimes } from './watchdog.ts';

export interface SubscriptionOptions extends Omit<SessionOptions, 'heldUp'> {
  readonly admin: AdminLink;
  readonly watchdog: WatchdogTimes;
}

const START_ATTEMPTS = 6;

/**
 * Stays a member of the group until disposed.
 *
 * @throws AppError `unavailable` when the first session cannot be started: `topic_missing` if the topic is not there yet.
 */
export async function startSubscription(o: SubscriptionOptions): Promise<Subscription> {
  const closing = new AbortController();
  const heldUp = createHeldUp(o.topic);
  const start = () => startSession({ ...o, heldUp }, closing.signal);
  const supervised = supervise({ ...o, start, closing, first: await startFirst(o.topic, start) });
  return { ...supervised, check: () => heldUp.check() };
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
