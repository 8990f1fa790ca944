import type { Client } from '@connectrpc/connect';
import type { WebhookTokenService } from '@agent-platform/proto';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import type { SourceChanges } from '../sources/source-changes.ts';
import { createLookUp, type LookUp } from '../sources/source-look-up.ts';
import { settingsOf } from '../tokens/webhook-source.ts';
import { SIGNATURE_REFUSED, sourceSignature } from './source-signature.ts';

export interface SignedSourcesDeps {
  readonly tokens: Pick<Client<typeof WebhookTokenService>, 'resolveSignedSource'>;
  readonly changes: SourceChanges;
  readonly lookUpTimeoutMs: number;
  readonly logger: Logger;
  readonly clock: () => number;
}

const SOURCE_ID = /^src_[0-9a-hjkmnp-tv-z]{26}$/;

/** Not 401: senders give up addresses that answer that, and no credential is needed to see what is no address. */
const NO_ADDRESS = new AppError(
  'not_found',
  'not_found',
  'There is nothing here. Send events with a token to /webhooks/events, and those of a sender that signs to /webhooks/{id}, with the id of its webhook source: src_….',
);

/** Finds the source that an address names. @throws AppError `not_found`, `signature_refused`, `token_service_unavailable` */
export function createSignedSources({ tokens, ...deps }: SignedSourcesDeps): LookUp {
  return createLookUp({
    ...deps,
    async ask(sourceId, options) {
      const answer = await tokens.resolveSignedSource({ sourceId }, options);
      const signature = sourceSignature(answer.signature);
      const { defaultEventType } = answer;
      return { ...settingsOf(answer), sourceId, tokenId: '', signature, expiresAtMs: Infinity, defaultEventType };
    },
    isName: (text) => SOURCE_ID.test(text),
    noName: NO_ADDRESS,
    keyOf: (sourceId) => sourceId,
    refused: SIGNATURE_REFUSED,
  });
}
