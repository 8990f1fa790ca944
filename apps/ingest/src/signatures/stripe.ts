import type { SenderScheme } from './scheme.ts';
import { isCurrent, occurredAtSeconds, occurredAtText } from './timestamp.ts';

/** https://docs.stripe.com/webhooks/signature#verify-manually */
export const stripe: SenderScheme = {
  claimOf({ 'stripe-signature': header }, nowMs) {
    if (typeof header !== 'string') return undefined;
    const elements = header.split(',');
    const timestamp = elements.find((element) => element.startsWith('t='))?.slice('t='.length);
    if (timestamp === undefined || !isCurrent(timestamp, nowMs)) return undefined;
    return { prefix: `${timestamp}.`, signatures: elements };
  },
  // The whole secret, `whsec_` and all.
  keyOf: (secret) => Buffer.from(secret),
  // Of the schemes there are, v0 is for test events of old and no signature to trust.
  spell: (digest) => `v1=${digest.toString('hex')}`,
  describe(_headers, member) {
    const created = member('created');
    // Events of v1 say it in seconds, those of v2 in RFC 3339: https://docs.stripe.com/api/v2/core/events/object.
    return {
      eventType: { name: 'type', value: member('type') },
      idempotencyKey: { name: 'id', value: member('id') },
      occurredAt: occurredAtSeconds(created) ?? occurredAtText(created),
    };
  },
};
