import { AppError } from '@agent-platform/errors';
import { untilAvailable } from '@agent-platform/runtime';
import type { EventBus } from './bus.ts';
import { checkBusOptions, openBus, type OpenBusOptions } from './open-bus.ts';

/**
 * For a service that works without the bus: opens it for as long as it takes, and refuses to publish until then.
 *
 * @throws AppError `config_invalid`, at once.
 */
export function openInBackground(options: OpenBusOptions): Pick<EventBus, 'publish'> & AsyncDisposable {
  checkBusOptions(options);
  const closing = new AbortController();
  let bus: EventBus | undefined;
  const opening = untilAvailable('event bus', () => openBus(options), { ...options, signal: closing.signal }).then(
    (opened) => void (bus = opened),
    (error: unknown) => {
      if (!closing.signal.aborted) options.logger.error({ err: error }, 'the event bus cannot be opened');
    },
  );
  return {
    async publish(topic, messages) {
      if (!bus) throw new AppError('unavailable', 'bus_unavailable', 'The event bus has not been reached yet.');
      await bus.publish(topic, messages);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await opening;
      await bus?.[Symbol.asyncDispose]();
    },
  };
}
