import type { SenderScheme } from './scheme.ts';
import { isCurrent, occurredAtSeconds } from './timestamp.ts';

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
    return {
      eventType: { name: 'type', value: member('type') },
      idempotencyKey: { name: 'id', value: member('id') },
      occurredAt: occurredAtSeconds(member('created')),
    };
  },
};
