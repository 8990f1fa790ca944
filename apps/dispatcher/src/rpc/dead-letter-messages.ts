import { DeadLetterSchema, RedriveOutcome } from '@agent-platform/proto';
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { DeadLetter } from '../generated/prisma/client.ts';

const outcomes: Readonly<Record<string, RedriveOutcome>> = {
  processed: RedriveOutcome.PROCESSED,
  refused: RedriveOutcome.REFUSED,
};

/** What the API answers of a letter: not its bytes. */
export type ListedLetter = Omit<DeadLetter, 'orgId' | 'value' | 'headers'>;

export function deadLetterMessage(letter: ListedLetter) {
  return create(DeadLetterSchema, {
    id: letter.id,
    eventId: letter.eventId ?? '',
    webhookSourceId: letter.sourceId ?? '',
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    reason: { code: letter.reasonCode, message: letter.reasonMessage },
    sizeBytes: letter.sizeBytes,
    deadLetteredAt: timestampFromDate(letter.deadLetteredAt),
    ...(letter.redriveRequestedAt && { redrive: redriveOf(letter, letter.redriveRequestedAt) }),
  });
}

function redriveOf(letter: ListedLetter, requestedAt: Date) {
  const { redrivenAt, redriveOutcome, redriveErrorCode: code, redriveErrorMessage: message } = letter;
  return {
    requestedAt: timestampFromDate(requestedAt),
    requestedBy: letter.redriveRequestedBy ?? '',
    ...(redrivenAt && { finishedAt: timestampFromDate(redrivenAt) }),
    outcome: outcomes[redriveOutcome ?? ''] ?? RedriveOutcome.UNSPECIFIED,
    ...(code !== null && { error: { code, message: message ?? '' } }),
  };
}
