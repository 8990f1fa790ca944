import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Deduplication, type VerifyTokenResponse } from '@agent-platform/proto';

/** What a token says about its request. */
export interface WebhookSource {
  readonly orgId: string;
  readonly sourceId: string;
  readonly deduplicatesContent: boolean;
  /** 0: the default applies. */
  readonly rateLimitPerSecond: number;
  readonly expiresAtMs: number;
}

export function sourceOf(answer: VerifyTokenResponse): WebhookSource {
  return {
    orgId: answer.orgId,
    sourceId: answer.sourceId,
    deduplicatesContent:
      answer.deduplication === Deduplication.CONTENT || answer.deduplication === Deduplication.UNSPECIFIED,
    rateLimitPerSecond: answer.rateLimitPerSecond,
    expiresAtMs: answer.expiresAt === undefined ? Infinity : timestampMs(answer.expiresAt),
  };
}
