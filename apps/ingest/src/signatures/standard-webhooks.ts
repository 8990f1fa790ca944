import type { SenderScheme } from './scheme.ts';
import { isCurrent, occurredAtText } from './timestamp.ts';

const SECRET_PREFIX = 'whsec_';
/** HMAC-SHA-256; `v1a` is ed25519. */
const VERSION = 'v1,';

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const standardWebhooks: SenderScheme = {
  claimOf({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures }, nowMs) {
    if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return undefined;
    if (!isCurrent(timestamp, nowMs)) return undefined;
    return { prefix: `${id}.${timestamp}.`, signatures: signatures.split(' ') };
  },
  keyOf: (secret) => Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64'),
  spell: (digest) => VERSION + digest.toString('base64'),
  describe(headers, member) {
    return {
      eventType: { name: 'type', value: member('type') },
      idempotencyKey: { name: 'webhook-id', value: headers['webhook-id'] },
      occurredAt: occurredAtText(member('timestamp')),
    };
  },
};
