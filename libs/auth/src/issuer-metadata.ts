import type { Outbound } from '@agent-platform/outbound';
import { AppError } from '@agent-platform/errors';

/** What there is to know of an issuer before one of its tokens can be checked. */
export interface IssuerMetadata {
  /** How its tokens may spell it in `iss`. */
  readonly issuers: readonly string[];
  readonly jwksUrl: URL;
}

/**
 * Reads an issuer's OpenID discovery document (https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig).
 * The issuer may be configured with or without its final slash; its tokens must spell it as the document does. An issuer
 * without a document is taken to have its keys at `/.well-known/jwks.json` and to use either spelling.
 *
 * @param issuer - with or without path and final slash.
 * @throws AppError `issuer_mismatch` when the document is of another issuer; RequestFailedError when nothing answers.
 */
export async function readIssuerMetadata(
  issuer: string,
  o: { outbound: Pick<Outbound, 'json'>; timeoutMs: number },
): Promise<IssuerMetadata> {
  const base = withoutSlash(issuer);
  const url = new URL(`${base}/.well-known/openid-configuration`);
  const { status, json } = await o.outbound.json({ url, timeoutMs: o.timeoutMs });
  const { issuer: named, jwks_uri: jwksUri } = (status === 200 ? json : {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (typeof named !== 'string' || typeof jwksUri !== 'string') {
    return { issuers: [issuer, toggleSlash(issuer)], jwksUrl: new URL(`${base}/.well-known/jwks.json`) };
  }
  if (withoutSlash(named) !== base) {
    const message = `AUTH_ISSUER is ${issuer}, and the discovery document there is of ${named.slice(0, 200)}. Set AUTH_ISSUER to that.`;
    throw new AppError('failed_precondition', 'issuer_mismatch', message);
  }
  const jwksUrl = URL.parse(jwksUri);
  if (jwksUrl === null || (url.protocol === 'https:' && jwksUrl.protocol !== 'https:')) {
    throw new AppError(
      'failed_precondition',
      'issuer_mismatch',
      `The discovery document at ${url.href} has no usable jwks_uri.`,
    );
  }
  return { issuers: [named], jwksUrl };
}

/** Whether two spellings differ in the final slash at most. */
export function isSameIssuer(one: string, other: string): boolean {
  return withoutSlash(one) === withoutSlash(other);
}

const withoutSlash = (text: string) => text.replace(/\/$/, '');
const toggleSlash = (text: string) => (text.endsWith('/') ? withoutSlash(text) : `${text}/`);
