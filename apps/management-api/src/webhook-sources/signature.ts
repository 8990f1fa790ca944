import { create } from '@bufbuild/protobuf';
import { SignatureScheme, WebhookSignatureSchema, type WebhookSignature } from '@agent-platform/proto';
import { checkPlaceholder } from '../crud/placeholder.ts';
import type { Problems } from '../crud/problems.ts';
import type { SignatureScheme as SignatureSchemeRow } from '../generated/prisma/client.ts';

/** What is stored here of a signature. The secrets are with token-service only. */
interface SignatureColumns {
  readonly signatureScheme: SignatureSchemeRow | null;
  readonly signatureSecretCount: number;
}

interface Scheme {
  readonly row: SignatureSchemeRow;
  readonly isSecret: (secret: string) => boolean;
  readonly rule: string;
}

const FIELD = 'webhook_source.signature';
const STANDARD_SECRET_BYTES = { min: 24, max: 64 };

const SCHEMES = new Map<SignatureScheme, Scheme>([
  [
    SignatureScheme.STANDARD_WEBHOOKS,
    {
      row: 'standard_webhooks',
      isSecret: isStandardSecret,
      rule: 'must be whsec_ and the base64 of 24 to 64 bytes, as the sender shows it',
    },
  ],
  [
    SignatureScheme.GITHUB,
    {
      row: 'github',
      isSecret: (secret) => secret.trim() === secret,
      rule: "must be the webhook's secret, without white space around it",
    },
  ],
  [
    SignatureScheme.STRIPE,
    {
      row: 'stripe',
      isSecret: (secret) => /^whsec_[\w+/=-]+$/.test(secret),
      rule: "must be the endpoint's signing secret, which starts with whsec_",
    },
  ],
  [
    SignatureScheme.SLACK,
    {
      row: 'slack',
      isSecret: (secret) => /^[0-9A-Za-z]{32,}$/.test(secret),
      rule: "must be the app's signing secret, 32 letters and digits",
    },
  ],
]);

const MESSAGES = new Map([...SCHEMES].map(([scheme, { row }]) => [row, scheme]));

/** What is wrong with a signature that is to be written. No secret is quoted: what is wrong may still be one. */
export function checkSignature({ scheme, secrets }: WebhookSignature): Problems {
  const { isSecret, rule } = SCHEMES.get(scheme)!;
  const problems: Problems = secrets.flatMap((secret, i) => {
    const field = `${FIELD}.secrets[${i}]`;
    return isSecret(secret) ? checkPlaceholder(field, secret) : [{ field, description: rule }];
  });
  if (secrets.length === 0) {
    const description = 'is required: stored secrets are not kept when the signature is written';
    problems.push({ field: `${FIELD}.secrets`, description });
  }
  return problems;
}

export function signatureColumns(signature: WebhookSignature | undefined): SignatureColumns {
  if (signature === undefined) return { signatureScheme: null, signatureSecretCount: 0 };
  return { signatureScheme: SCHEMES.get(signature.scheme)!.row, signatureSecretCount: signature.secrets.length };
}

export function signatureMessage(row: SignatureColumns): WebhookSignature | undefined {
  if (row.signatureScheme === null) return undefined;
  const scheme = MESSAGES.get(row.signatureScheme)!;
  return create(WebhookSignatureSchema, { scheme, secretCount: row.signatureSecretCount });
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme */
function isStandardSecret(secret: string): boolean {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  if (base64 === undefined) return false;
  const bytes = Buffer.from(base64, 'base64');
  const isWhole = bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  return isWhole && bytes.length >= STANDARD_SECRET_BYTES.min && bytes.length <= STANDARD_SECRET_BYTES.max;
}
