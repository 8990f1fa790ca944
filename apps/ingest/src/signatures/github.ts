import type { SenderScheme } from './scheme.ts';

/**
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries. Only the body is signed: no time,
 * and neither the type nor the id of the delivery.
 */
export const github: SenderScheme = {
  claimOf({ 'x-hub-signature-256': signature }) {
    return typeof signature === 'string' ? { prefix: '', signatures: [signature] } : undefined;
  },
  keyOf: (secret) => Buffer.from(secret),
  spell: (digest) => `sha256=${digest.toString('hex')}`,
  describe(headers, member) {
    const event = headers['x-github-event'];
    const action = member('action');
    const type = typeof event === 'string' && typeof action === 'string' ? `${event}.${action}` : event;
    return {
      eventType: { name: 'X-GitHub-Event', value: type },
      idempotencyKey: { name: 'X-GitHub-Delivery', value: headers['x-github-delivery'] },
      occurredAt: undefined,
    };
  },
};
