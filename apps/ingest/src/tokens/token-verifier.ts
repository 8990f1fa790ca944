import { hash } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import { parseWebhookToken } from '@agent-platform/auth';
import type { WebhookTokenService } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import type { SourceChanges } from '../sources/source-changes.ts';
import { createLookUp } from '../sources/source-look-up.ts';
import type { TokenUses } from './token-uses.ts';
import { sourceOf, type WebhookSource } from './webhook-source.ts';

/**
 * Whose token it is; a promise only when the token service has to be asked.
 *
 * @throws AppError `token_refused`, the same for every reason; `token_service_unavailable` for our own fault.
 */
export type VerifyToken = (header: string | string[] | undefined) => WebhookSource | Promise<WebhookSource>;

export interface TokenVerifierDeps {
  readonly tokens: Pick<Client<typeof WebhookTokenService>, 'verifyToken'>;
  readonly uses: Pick<TokenUses, 'note'>;
  readonly changes: SourceChanges;
  readonly lookUpTimeoutMs: number;
  readonly logger: Logger;
  readonly clock: () => number;
}

const REFUSED = new AppError(
  'unauthenticated',
  'token_refused',
  'The header X-Webhook-Token must carry one live token of a webhook source, such as "whk_…". If it was rotated or revoked, send the new one.',
);

/** Verifies tokens. They are not kept, only their SHA-256. */
export function createTokenVerifier({ tokens, uses, ...deps }: TokenVerifierDeps): VerifyToken {
  const lookUp = createLookUp({
    ...deps,
    ask: async (token, options) => sourceOf(await tokens.verifyToken({ token }, options)),
    isName: (text) => parseWebhookToken(text) !== undefined,
    noName: REFUSED,
    keyOf: (token) => hash('sha256', token, 'base64'),
    refused: REFUSED,
  });
  const used = (source: WebhookSource) => {
    uses.note(source, deps.clock());
    return source;
  };
  return (header) => {
    if (typeof header !== 'string') throw REFUSED;
    const source = lookUp(header);
    return source instanceof Promise ? source.then(used) : used(source);
  };
}
