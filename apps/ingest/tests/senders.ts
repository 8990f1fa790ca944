import { createHmac } from 'node:crypto';
import { sign as signAsGithub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { SignatureScheme } from '@agent-platform/proto';

/** A sender with its own way to sign, by its own library where it has one. */
export interface Sender {
  readonly scheme: SignatureScheme;
  readonly secrets: readonly [string, string];
  /** Whatever else it sends with an event. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly sign: (body: string, secret: string, nowMs: number) => Promise<Record<string, string>>;
  /** The headers in which every byte counts. */
  readonly signed: readonly string[];
  readonly signature: string;
  readonly eventType: string;
  readonly idempotencyKey: string;
  readonly occurredAtMs: number | undefined;
}

const seconds = (nowMs: number) => Math.floor(nowMs / 1_000);

export const senders: Readonly<Record<string, Sender>> = {
  'Standard Webhooks': {
    scheme: SignatureScheme.STANDARD_WEBHOOKS,
    secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', `whsec_${Buffer.alloc(64, 7).toString('base64')}`],
    headers: {},
    body: '{ "type": "contact.created", "timestamp": "2026-11-03T20:26:10.344Z", "data": { "id": 1.0 } }\n',
    async sign(body, secret, nowMs) {
      const id = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
      return {
        'webhook-id': id,
        'webhook-timestamp': `${seconds(nowMs)}`,
        'webhook-signature': new Webhook(secret).sign(id, new Date(nowMs), body),
      };
    },
    signed: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    signature: 'webhook-signature',
    eventType: 'contact.created',
    idempotencyKey: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
    occurredAtMs: Date.parse('2026-11-03T20:26:10.344Z'),
  },
  GitHub: {
    scheme: SignatureScheme.GITHUB,
    secrets: ["It's a Secret to Everybody", 'another secret'],
    headers: { 'x-github-event': 'pull_request', 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
    body: '{"action":"opened","number":2,"pull_request":{"title":"Größe \\u00e4ndern","draft":false}}',
    sign: async (body, secret) => ({ 'x-hub-signature-256': await signAsGithub(secret, body) }),
    signed: ['x-hub-signature-256'],
    signature: 'x-hub-signature-256',
    eventType: 'pull_request.opened',
    idempotencyKey: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    occurredAtMs: undefined,
  },
  Stripe: {
    scheme: SignatureScheme.STRIPE,
    secrets: ['whsec_4CkPHLYmh9IbrXW1zGTzhkyP40eFbiNO', 'whsec_test_secret'],
    headers: {},
    body: '{\n  "id": "evt_1Mhd6F",\n  "object": "event",\n  "created": 1790000000,\n  "type": "payment_intent.succeeded"\n}',
    sign: async (payload, secret, nowMs) => ({
      'stripe-signature': await Stripe.webhooks.generateTestHeaderStringAsync({
        payload,
        secret,
        timestamp: seconds(nowMs),
      }),
    }),
    signed: ['stripe-signature'],
    signature: 'stripe-signature',
    eventType: 'payment_intent.succeeded',
    idempotencyKey: 'evt_1Mhd6F',
    occurredAtMs: 1_790_000_000_000,
  },
  Slack: {
    scheme: SignatureScheme.SLACK,
    secrets: ['8f742231b10e8888abcd99yyyzzz85a5', '00000000000000000000000000000000'],
    headers: { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' },
    body: '{"type":"event_callback","event":{"type":"app_mention","text":"hi"},"event_id":"Ev0PV52K21","event_time":1790000001}',
    async sign(body, secret, nowMs) {
      const timestamp = `${seconds(nowMs)}`;
      const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
      return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${digest}` };
    },
    signed: ['x-slack-request-timestamp', 'x-slack-signature'],
    signature: 'x-slack-signature',
    eventType: 'app_mention',
    idempotencyKey: 'Ev0PV52K21',
    occurredAtMs: 1_790_000_001_000,
  },
};
