import { createOutbound } from '@agent-platform/outbound';
import type { Logger } from '@agent-platform/telemetry';
import type { AuthConfig } from './auth-config.ts';
import type { Authenticate } from './principal.ts';
import { createRemoteKeys } from './remote-keys.ts';
import { createUserAuthenticator } from './user-authenticator.ts';

export interface AccessTokens extends AsyncDisposable {
  readonly authenticate: Authenticate;
  /** For `/readyz`: without the issuer's keys nobody could be let in. */
  check(): Promise<void>;
}

/** Accepts the access tokens of an issuer such as Auth0. Asks for its keys at once, without waiting for them. */
export function createAccessTokens(config: AuthConfig, { logger }: { logger: Logger }): AccessTokens {
  const { issuer, audience, clockToleranceMs, defaultOrg, defaultPermissions } = config;
  const outbound = createOutbound(config);
  const keys = createRemoteKeys({ issuer, outbound, logger });
  const started = keys.check().catch(() => undefined);
  return {
    authenticate: createUserAuthenticator({
      issuers: () => keys.issuers(),
      audience,
      keys,
      clockToleranceMs,
      defaults: { org: defaultOrg === '' ? undefined : defaultOrg, permissions: defaultPermissions },
    }),
    check: () => keys.check(),
    async [Symbol.asyncDispose]() {
      await outbound[Symbol.asyncDispose]();
      await started;
    },
  };
}
