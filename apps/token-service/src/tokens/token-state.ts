import { TokenState } from '@agent-platform/proto';

/** The times that decide what a token is worth. */
export interface TokenTimes {
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** Whether its end is that of a rotation. */
  readonly rotated: boolean;
}

export function tokenState(token: TokenTimes, now: Date): TokenState {
  if (token.revokedAt !== null) return TokenState.REVOKED;
  if (token.expiresAt !== null && token.expiresAt <= now) return TokenState.EXPIRED;
  return token.rotated ? TokenState.EXPIRING : TokenState.ACTIVE;
}

/** Whether events sent with it are accepted. */
export function isLive(token: TokenTimes, now: Date): boolean {
  const state = tokenState(token, now);
  return state === TokenState.ACTIVE || state === TokenState.EXPIRING;
}
