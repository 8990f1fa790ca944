import { TokenState } from '@agent-platform/proto';

/** The times that decide what a token is worth. */
export interface TokenTimes {
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

export function tokenState(token: TokenTimes, now: Date): TokenState {
  if (token.revokedAt !== null) return TokenState.REVOKED;
  if (token.expiresAt === null) return TokenState.ACTIVE;
  return token.expiresAt > now ? TokenState.EXPIRING : TokenState.EXPIRED;
}

/** Whether events sent with it are accepted. */
export function isLive(token: TokenTimes, now: Date): boolean {
  const state = tokenState(token, now);
  return state === TokenState.ACTIVE || state === TokenState.EXPIRING;
}
