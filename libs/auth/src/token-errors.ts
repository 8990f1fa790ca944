import { AppError } from '@agent-platform/errors';
import { errors } from 'jose';
import { invalid, malformed } from './bearer.ts';

/** What a token must be; named in refusals, so that the caller knows what to ask the issuer for. */
export interface Expectation {
  /** Of services; the issuer of users is checked elsewhere, because how it is spelled has to be found out. */
  readonly issuer?: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
}

/**
 * Says what is wrong with a token, without a word of the token itself. What is not the token's fault (no keys to be
 * had, our own mistakes) is never answered as `unauthenticated`: senders of valid tokens would be turned away for good.
 */
export function refusalOf(error: unknown, expected: Expectation): unknown {
  if (error instanceof AppError || !(error instanceof errors.JOSEError)) return error;
  if (error instanceof errors.JWTExpired) {
    const expiredAt = new Date(Number(error.payload.exp) * 1000);
    const at = Number.isNaN(expiredAt.getTime()) ? '' : ` at ${expiredAt.toISOString()}`;
    return new AppError('unauthenticated', 'token_expired', `The access token expired${at}. Request a new one.`, {
      cause: error,
    });
  }
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(claimMessage(error, expected), error);
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return malformed('The access token is not a well-formed JWT.', error);
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    const algorithms = expected.algorithms.join(', ');
    return invalid(`The access token is not signed in an accepted way; accepted algorithms: ${algorithms}.`, error);
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return invalid('The access token is signed with a key that its issuer does not publish.', error);
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return invalid('The access token does not say which key it is signed with ("kid").', error);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalid('The signature of the access token is wrong.', error);
  }
  return new AppError('unavailable', 'token_not_checked', 'The access token cannot be checked now. Try again.', {
    cause: error,
    retryAfterSeconds: 5,
  });
}

function claimMessage(error: errors.JWTClaimValidationFailed, expected: Expectation): string {
  const { claim, reason } = error;
  if (reason === 'missing') return `The access token carries no "${claim}" claim.`;
  if (claim === 'aud') return `The access token is for another audience; this API expects "${expected.audience}".`;
  if (claim === 'iss') return `The access token is of another issuer; this API expects "${expected.issuer}".`;
  if (claim === 'nbf' && reason === 'check_failed')
    return 'The access token is not valid yet ("nbf" is in the future).';
  return `The access token has an unusable "${claim}" claim.`;
}
