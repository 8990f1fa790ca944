import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { WebhookTokenSchema, type WebhookToken } from '@agent-platform/proto';
import { tokenState, type TokenTimes } from './token-state.ts';

interface TokenRow extends TokenTimes {
  readonly id: string;
  readonly hint: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly refusedAt: Date | null;
  readonly leakedAtUrl: string | null;
}

/** A token as it is answered: never with the plain token, which only the answer that issued it adds. */
export function tokenMessage(row: TokenRow, now: Date): WebhookToken {
  return create(WebhookTokenSchema, {
    id: row.id,
    hint: row.hint,
    state: tokenState(row, now),
    createdAt: timestampFromDate(row.createdAt),
    ...(row.expiresAt && { expiresAt: timestampFromDate(row.expiresAt) }),
    ...(row.lastUsedAt && { lastUsedAt: timestampFromDate(row.lastUsedAt) }),
    ...(row.refusedAt && { refusedAt: timestampFromDate(row.refusedAt) }),
    leakedAtUrl: row.leakedAtUrl ?? '',
    ...(row.revokedAt && { revokedAt: timestampFromDate(row.revokedAt) }),
  });
}
