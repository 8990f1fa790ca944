import type { SenderScheme } from './scheme.ts';
import { isCurrent, occurredAtSeconds } from './timestamp.ts';

/**
 * https://docs.slack.dev/authentication/verifying-requests-from-slack, and of what Slack sends the Events API
 * (https://docs.slack.dev/apis/events-api), which is JSON.
 */
export const slack: SenderScheme = {
  claimOf({ 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp }, nowMs) {
    if (typeof signature !== 'string' || typeof timestamp !== 'string') return undefined;
    return isCurrent(timestamp, nowMs) ? { prefix: `v0:${timestamp}:`, signatures: [signature] } : undefined;
  },
  keyOf: (secret) => Buffer.from(secret),
  spell: (digest) => `v0=${digest.toString('hex')}`,
  describe(_headers, member) {
    const type = member('type');
    const challenge = member('challenge');
    // https://docs.slack.dev/reference/events/url_verification
    if (type === 'url_verification' && typeof challenge === 'string') return { challenge };
    const isEvent = type === 'event_callback';
    const event = member('event') as { readonly type?: unknown } | null | undefined;
    return {
      eventType: isEvent ? { name: 'event.type', value: event?.type } : { name: 'type', value: type },
      idempotencyKey: { name: 'event_id', value: member('event_id') },
      occurredAt: occurredAtSeconds(member('event_time')),
    };
  },
};
