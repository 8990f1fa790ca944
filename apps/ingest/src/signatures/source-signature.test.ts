import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { SignatureSchema, SignatureScheme } from '@agent-platform/proto';
import { senders, type Sender } from '../../tests/senders.ts';
import { readSignature, SIGNATURE_REFUSED, sourceSignature } from './source-signature.ts';

const NOW_MS = 1_800_000_000_000;

type Headers = Record<string, string>;

function check(
  scheme: SignatureScheme,
  secrets: readonly string[],
  headers: Headers,
  body: string | Buffer,
  nowMs: number,
) {
  const signature = sourceSignature(create(SignatureSchema, { scheme, secrets: [...secrets] }))!;
  try {
    readSignature(signature, headers, nowMs)(Buffer.from(body as string));
    return true;
  } catch (error) {
    if (error === SIGNATURE_REFUSED) return false;
    throw error;
  }
}

/** Every text that differs from this one in one bit. */
function flipped(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3]! ^= 1 << (bit & 7);
    return copy;
  });
}

describe.each(Object.entries(senders))('%s', (_name, sender: Sender) => {
  const [secret, other] = sender.secrets;
  const isSigned = (headers: Headers, body: string | Buffer = sender.body, secrets = [secret], nowMs = NOW_MS) =>
    check(sender.scheme, secrets, headers, body, nowMs);
  const sign = (body = sender.body, by = secret) => sender.sign(body, by, NOW_MS);

  it('is believed with its own signature, of any secret there is, and with no other', async () => {
    const headers = await sign();
    expect(isSigned(headers)).toBe(true);
    expect(isSigned(headers, sender.body, [other, secret])).toBe(true);
    expect(isSigned(headers, sender.body, [secret, other])).toBe(true);
    expect(isSigned(headers, sender.body, [other])).toBe(false);
    expect(isSigned(headers, sender.body, [])).toBe(false);
  });

  it('is refused with one bit changed anywhere: body, signature, timestamp or id', async () => {
    const headers = await sign();
    const bodies = flipped(Buffer.from(sender.body));
    expect(bodies.filter((body) => isSigned(headers, body))).toEqual([]);
    for (const name of sender.signed) {
      const values = flipped(Buffer.from(headers[name]!)).map((value) => value.toString('latin1'));
      expect(values.length).toBeGreaterThanOrEqual(80);
      expect(values.filter((value) => isSigned({ ...headers, [name]: value }))).toEqual([]);
    }
  });

  it('is refused with one bit changed in a body of a megabyte', async () => {
    const body = `{"pad":"${'x'.repeat(1_048_000)}"}`;
    const headers = await sign(body);
    expect(isSigned(headers, body)).toBe(true);
    for (let i = 0; i < 40; i++) {
      const changed = Buffer.from(body);
      changed[Math.floor((i * (changed.length - 1)) / 39)]! ^= 1 << (i % 8);
      expect(isSigned(headers, changed)).toBe(false);
    }
  });

  it('is refused when anything is missing, cut off or added', async () => {
    const headers = await sign();
    for (const name of sender.signed) {
      const value = headers[name]!;
      expect(isSigned(Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name)))).toBe(false);
      for (const changed of ['', value.slice(0, -1), value.slice(1), `${value}0`, value.toUpperCase()]) {
        expect(isSigned({ ...headers, [name]: changed })).toBe(changed === value);
      }
    }
    expect(isSigned(headers, sender.body.slice(0, -1))).toBe(false);
    expect(isSigned(headers, `${sender.body} `)).toBe(false);
    expect(isSigned(headers, '')).toBe(false);
  });

  it('is not taken for any of the others', async () => {
    const headers = await sign();
    for (const { scheme } of Object.values(senders)) {
      expect(check(scheme, [secret], headers, sender.body, NOW_MS)).toBe(scheme === sender.scheme);
    }
  });
});

it.each(Object.entries(senders).filter(([name]) => name !== 'GitHub'))(
  '%s is believed up to five minutes before and after, and no second longer',
  async (_name, { scheme, secrets, body, sign }) => {
    const headers = await sign(body, secrets[0], NOW_MS);
    const isBelieved = (offMs: number) => check(scheme, secrets, headers, body, NOW_MS + offMs);
    for (const offMs of [-300_000, 0, 300_000]) expect(isBelieved(offMs)).toBe(true);
    for (const offMs of [-300_001, 300_001, 86_400_000]) expect(isBelieved(offMs)).toBe(false);
  },
);

describe('published examples', () => {
  it('of GitHub', () => {
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const headers = { 'x-hub-signature-256': signature };
    expect(check(SignatureScheme.GITHUB, ["It's a Secret to Everybody"], headers, 'Hello, World!', 0)).toBe(true);
  });

  it('of Slack', () => {
    // https://docs.slack.dev/authentication/verifying-requests-from-slack
    const headers = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const secrets = ['8f742231b10e8888abcd99yyyzzz85a5'];
    expect(check(SignatureScheme.SLACK, secrets, headers, body, 1_531_420_618_000)).toBe(true);
  });

  it('of Standard Webhooks', () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
    const body = '{"test": 2432232314}';
    expect(check(SignatureScheme.STANDARD_WEBHOOKS, secrets, headers, body, 1_614_265_330_000)).toBe(true);
  });
});

describe('a sender that changes its secret', () => {
  it.each([
    ['Standard Webhooks', ' '],
    ['Stripe', ','],
  ])('is believed when one of the signatures it sends is right: %s', async (name, separator) => {
    const sender = senders[name]!;
    const [one, two] = await Promise.all(sender.secrets.map((secret) => sender.sign(sender.body, secret, NOW_MS)));
    const signatures = [two![sender.signature]!, one![sender.signature]!];
    const header = signatures.map((value, i) => (i === 0 ? value : value.replace(/^t=\d+,/, ''))).join(separator);
    for (const value of [header, `${header}${separator}v1a,AAAA`, `${header}${separator}v0=00`]) {
      const headers = { ...one, [sender.signature]: value };
      for (const secret of sender.secrets) {
        expect(check(sender.scheme, [secret], headers, sender.body, NOW_MS)).toBe(true);
      }
      expect(check(sender.scheme, [`whsec_${'A'.repeat(32)}`], headers, sender.body, NOW_MS)).toBe(false);
    }
  });

  it('is refused with signatures of schemes that are none to trust', async () => {
    const sender = senders['Stripe']!;
    const header = (await sender.sign(sender.body, sender.secrets[0], NOW_MS))['stripe-signature']!;
    const headers = { 'stripe-signature': header.replace(',v1=', ',v0=') };
    expect(check(sender.scheme, sender.secrets, headers, sender.body, NOW_MS)).toBe(false);
  });
});

describe('a scheme of a later release', () => {
  it('is an error, never a source without a signature', () => {
    const later = create(SignatureSchema, { scheme: 99 as SignatureScheme, secrets: ['x'] });
    expect(() => sourceSignature(later)).toThrow('unknown signature scheme 99');
    expect(sourceSignature(undefined)).toBeUndefined();
  });
});
