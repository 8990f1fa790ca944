import { isEventType } from '../body/event-type.ts';
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
    // The action of a repository_dispatch is whatever its sender wrote, "deploy prod" too.
    const withAction = typeof event === 'string' && typeof action === 'string' ? `${event}.${action}` : undefined;
    return {
      eventType: { name: 'X-GitHub-Event', value: isEventType(withAction) ? withAction : event },
      idempotencyKey: { name: 'X-GitHub-Delivery', value: headers['x-github-delivery'] },
      occurredAt: undefined,
    };
  },
};
