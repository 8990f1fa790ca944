import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SignatureScheme, type Signature } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import { github } from './github.ts';
import type { Claim, SenderScheme } from './scheme.ts';
import { slack } from './slack.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { stripe } from './stripe.ts';

/** How a source's requests are signed. */
export interface SourceSignature {
  readonly scheme: SenderScheme;
  readonly keys: readonly KeyObject[];
}

/** @throws AppError `signature_refused` unless the body is what was signed. */
export type CheckBody = (body: Buffer) => void;

const SCHEMES = new Map<SignatureScheme, SenderScheme>([
  [SignatureScheme.STANDARD_WEBHOOKS, standardWebhooks],
  [SignatureScheme.GITHUB, github],
  [SignatureScheme.STRIPE, stripe],
  [SignatureScheme.SLACK, slack],
]);

/** For everything that can be wrong with a signature, an address that names no signed source included. */
export const SIGNATURE_REFUSED = new AppError(
  'unauthenticated',
  'signature_refused',
  'The request must be signed by its sender, less than 5 minutes ago. Check the address, that the webhook source has a signature with the scheme and a secret of this sender, that the body arrives as it was signed, and the clock of the sender.',
);

/** @throws Error for a scheme of a later release. What has to be signed is never taken for what has not. */
export function sourceSignature(message: Signature | undefined): SourceSignature | undefined {
  if (message === undefined) return undefined;
  const scheme = SCHEMES.get(message.scheme);
  if (scheme === undefined) throw new Error(`unknown signature scheme ${message.scheme}`);
  return { scheme, keys: message.secrets.map((secret) => createSecretKey(scheme.keyOf(secret))) };
}

/**
 * Reads what can be read before the body has come.
 *
 * @throws AppError `signature_refused` when the request cannot be signed, whatever its body.
 */
export function readSignature(
  { scheme, keys }: SourceSignature,
  headers: IncomingHttpHeaders,
  nowMs: number,
): CheckBody {
  const claim = scheme.claimOf(headers, nowMs);
  if (claim === undefined) throw SIGNATURE_REFUSED;
  return (body) => {
    if (!isSigned(claim, body, scheme, keys)) throw SIGNATURE_REFUSED;
  };
}

/** Every secret is tried, so that the time taken does not tell which one it was. */
function isSigned(claim: Claim, body: Buffer, scheme: SenderScheme, keys: readonly KeyObject[]): boolean {
  // Texts are compared and not what they decode to, because several texts decode to the same bytes.
  const given = claim.signatures.map((signature) => Buffer.from(signature, 'latin1'));
  let isFound = false;
  for (const key of keys) {
    const digest = createHmac('sha256', key).update(claim.prefix, 'latin1').update(body).digest();
    const expected = Buffer.from(scheme.spell(digest), 'latin1');
    for (const signature of given) {
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) isFound = true;
    }
  }
  return isFound;
}
