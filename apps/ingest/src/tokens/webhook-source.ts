import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Deduplication, type ResolveSignedSourceResponse, type VerifyTokenResponse } from '@agent-platform/proto';
import { sourceSignature, type SourceSignature } from '../signatures/source-signature.ts';

/** Who has sent a request, and what applies to it. */
export interface WebhookSource {
  readonly orgId: string;
  readonly sourceId: string;
  /** '' when it was not a token that the request named its source by. */
  readonly tokenId: string;
  readonly deduplicatesContent: boolean;
  /** 0: the default applies. */
  readonly rateLimitPerSecond: number;
  readonly expiresAtMs: number;
  /** Of signed events whose sender names no type; '' for none. */
  readonly defaultEventType: string;
  /** Set: its requests must be signed. */
  readonly signature: SourceSignature | undefined;
}

export function sourceOf(answer: VerifyTokenResponse): WebhookSource {
  return {
    ...settingsOf(answer),
    sourceId: answer.sourceId,
    tokenId: answer.tokenId,
    // What is sent with a token has a format of ours, and that a type.
    defaultEventType: '',
    expiresAtMs: answer.expiresAt === undefined ? Infinity : timestampMs(answer.expiresAt),
    signature: sourceSignature(answer.signature),
  };
}

export function settingsOf({
  orgId,
  deduplication,
  rateLimitPerSecond,
}: Pick<ResolveSignedSourceResponse, 'orgId' | 'deduplication' | 'rateLimitPerSecond'>) {
  const deduplicatesContent = deduplication === Deduplication.CONTENT || deduplication === Deduplication.UNSPECIFIED;
  return { orgId, deduplicatesContent, rateLimitPerSecond };
}
